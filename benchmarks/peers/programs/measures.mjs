// What measures.py does for Python; what each figure is, is told there.
import { flow } from "./processes.mjs";
import { now, numbersFrom, sleep } from "./program.mjs";

const WARM_UP = 10;
const SETTLING_MS = 500;
const LOAD_NUMBERS = 10_000_000;
const PEAK_MS = 1000;
const PEAK_BATCH = 100;
const PEAK_WAITING = 500;
const TICK_MS = 10;
const POLL_MS = 2;

async function bulk(program) {
  const { tasks } = program.given;
  await program.enqueueMany(numbersFrom(tasks, WARM_UP));
  const began = now();
  await program.enqueueMany(numbersFrom(0, tasks));
  const seconds = (now() - began) / 1000;
  return { seconds, done: (await program.left()) - WARM_UP, left: 0 };
}

async function single(program) {
  const { tasks, callers } = program.given;
  const warmUp = Math.max(WARM_UP, callers);
  await storeSingly(program, tasks, warmUp);
  const began = now();
  await storeSingly(program, 0, tasks);
  const seconds = (now() - began) / 1000;
  return { seconds, done: (await program.left()) - warmUp, left: 0 };
}

async function storeSingly(program, first, tasks) {
  const { callers } = program.given;
  const oneByOne = async (_, caller) => {
    for (let place = caller; place < tasks; place += callers) await program.enqueue(first + place);
  };
  await Promise.all(Array.from({ length: callers }, oneByOne));
}

async function drain(program) {
  const { recorder, given } = program;
  await program.enqueueMany(numbersFrom(0, given.tasks));
  await program.startWorker();
  await recorder.waitFor(given.tasks);
  await sleep(SETTLING_MS);
  await program.stopWorker();
  return {
    seconds: (recorder.last - recorder.first) / 1000,
    done: recorder.started.size,
    runs: recorder.runs,
    left: await program.left(),
  };
}

class Load {
  stored = 0;
  stopping = false;

  constructor(program) {
    this.program = program;
  }

  async store(tasks) {
    await this.program.enqueueMany(numbersFrom(LOAD_NUMBERS + this.stored, tasks));
    this.stored += tasks;
  }

  async peak() {
    const { recorder } = this.program;
    const began = now();
    while (now() - began < PEAK_MS) {
      if (this.stored - recorder.started.size < PEAK_WAITING) await this.store(PEAK_BATCH);
      else await sleep(POLL_MS);
    }
    const rate = recorder.started.size / (now() - began);
    await recorder.waitFor(this.stored);
    return rate;
  }

  async keep(rate) {
    const began = now();
    const before = this.stored;
    while (!this.stopping) {
      await sleep(TICK_MS);
      const due = before + Math.floor(rate * (now() - began)) - this.stored;
      if (due > 0) await this.store(due);
    }
  }
}

async function latency(program) {
  const { recorder, given } = program;
  await program.startWorker();
  await sleep(SETTLING_MS);
  const load = new Load(program);
  const keeping = given.load ? load.keep(given.load * (await load.peak())) : null;
  const waits = [];
  for (let number = 0; number < WARM_UP + given.tasks; number++) {
    const began = now();
    await program.enqueue(number);
    waits.push((await recorder.waitForTask(number)) - began);
    await sleep(20 + 20 * Math.random());
  }
  load.stopping = true;
  await keeping;
  const stored = WARM_UP + given.tasks + load.stored;
  await recorder.waitFor(stored);
  await sleep(SETTLING_MS);
  await program.stopWorker();
  const figures = waits.slice(WARM_UP).sort((a, b) => a - b);
  const at = (part) => figures[Math.min(figures.length - 1, Math.floor(figures.length * part))];
  return {
    p50_ms: at(0.5),
    p99_ms: at(0.99),
    done: given.tasks - (stored - recorder.started.size),
    runs: recorder.runs,
    left: await program.left(),
  };
}

export const MEASURES = { bulk, single, drain, latency, flow };
