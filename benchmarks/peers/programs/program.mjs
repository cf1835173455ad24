// What program.py is for Python.
const PAUSE_MS = 2;
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
// The same clock in every process.
export const now = () => Number(process.hrtime.bigint()) / 1e6;
export const numbersFrom = (first, tasks) => Array.from({ length: tasks }, (_, n) => first + n);

class Recorder {
  started = new Map();
  runs = 0;
  first = 0;
  last = 0;

  note(number) {
    const at = now();
    this.first ||= at;
    this.last = at;
    this.runs += 1;
    if (!this.started.has(number)) this.started.set(number, at);
  }

  async waitFor(tasks) {
    while (this.started.size < tasks) await sleep(PAUSE_MS);
  }

  async waitForTask(number) {
    while (!this.started.has(number)) await sleep(PAUSE_MS);
    return this.started.get(number);
  }
}

export class Program {
  constructor(given) {
    this.given = given;
    this.url = given.url;
    this.concurrency = given.concurrency;
    this.variant = given.variant;
    this.recorder = new Recorder();
    const letter = () => LETTERS[Math.floor(Math.random() * LETTERS.length)];
    const padding = Array.from({ length: given.padding }, letter).join("");
    this.padding = padding ? { padding } : {};
  }

  payload(number) {
    return { number, ...this.padding };
  }

  async handle({ number }) {
    this.recorder.note(number);
    if (this.given.pause) await sleep(this.given.pause * 1000);
  }

  // setUp(), enqueueMany(numbers), enqueue(number), startWorker(), stopWorker(), left(), close()
  async makeSchema() {}
}
