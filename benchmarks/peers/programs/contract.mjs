// The contract of contract.py for programs in JavaScript: same workloads, same measurement.
import { parseArgs } from "node:util";

const WARM_UP = 10;
const SETTLING_MS = 500;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Recorder {
  started = new Map();
  runs = 0;
  first = 0;
  last = 0;

  note(number) {
    const now = performance.now();
    this.first ||= now;
    this.last = now;
    this.runs += 1;
    if (!this.started.has(number)) this.started.set(number, now);
  }

  async waitFor(tasks) {
    while (this.started.size < tasks) await sleep(2);
  }
}

async function bulk(program, tasks) {
  const began = performance.now();
  await program.enqueueMany(tasks);
  return { seconds: (performance.now() - began) / 1000, done: await program.left(), left: 0 };
}

async function single(program, tasks) {
  const began = performance.now();
  for (let number = 0; number < tasks; number++) await program.enqueue(number);
  return { seconds: (performance.now() - began) / 1000, done: await program.left(), left: 0 };
}

async function drain(program, tasks, recorder) {
  await program.enqueueMany(tasks);
  await program.startWorker();
  await recorder.waitFor(tasks);
  await sleep(SETTLING_MS);
  await program.stopWorker();
  return {
    seconds: (recorder.last - recorder.first) / 1000,
    done: recorder.started.size,
    runs: recorder.runs,
    left: await program.left(),
  };
}

async function latency(program, tasks, recorder) {
  await program.startWorker();
  await sleep(SETTLING_MS);
  const waits = [];
  for (let number = 0; number < WARM_UP + tasks; number++) {
    const began = performance.now();
    await program.enqueue(number);
    await recorder.waitFor(number + 1);
    waits.push(recorder.started.get(number) - began);
    await sleep(20 + 20 * Math.random());
  }
  await sleep(SETTLING_MS);
  await program.stopWorker();
  const figures = waits.slice(WARM_UP).sort((a, b) => a - b);
  const at = (part) => figures[Math.min(figures.length - 1, Math.floor(figures.length * part))];
  return {
    p50_ms: at(0.5),
    p99_ms: at(0.99),
    done: recorder.started.size - WARM_UP,
    left: await program.left(),
  };
}

export async function main(Program) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tasks: { type: "string" },
      concurrency: { type: "string" },
      variant: { type: "string", default: "" },
    },
  });
  const [workload, url] = positionals;
  const recorder = new Recorder();
  const program = new Program(url, Number(values.concurrency), values.variant, recorder);
  await program.setUp();
  const measure = { bulk, single, drain, latency }[workload];
  const figures = await measure(program, Number(values.tasks), recorder);
  await program.close();
  process.stdout.write(JSON.stringify(figures) + "\n");
}
