// What processes.py does for Python; the roles and what they say to each other are told there.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { now, numbersFrom, sleep } from "./program.mjs";

const PRODUCERS = 2;
const PRODUCED_AT_ONCE = 100;
const REPORT_MS = 10;
const SETTLING_MS = 500;

class Child {
  started = 0;

  constructor(given) {
    this.process = spawn(process.execPath, [process.argv[1], JSON.stringify(given)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.ready = new Promise((resolve, reject) => {
      this.process.once("exit", () => reject(new Error("a process of the run ended early")));
      this.ended = new Promise((end) => {
        createInterface({ input: this.process.stdout }).on("line", (line) => {
          const said = JSON.parse(line);
          if (said.ready) resolve();
          else if ("started" in said) this.started = said.started;
          else end(said);
        });
      });
    });
  }
}

export async function flow(program) {
  const { given } = program;
  const first = (place) => Math.floor((given.tasks * place) / PRODUCERS);
  const workers = numbersFrom(0, given.workers).map(() => new Child({ ...given, kind: "work" }));
  const producers = numbersFrom(0, PRODUCERS).map(
    (place) =>
      new Child({
        ...given,
        kind: "produce",
        first: first(place),
        tasks: first(place + 1) - first(place),
      }),
  );
  await Promise.all([...workers, ...producers].map((one) => one.ready));
  await sleep(SETTLING_MS);
  const began = now();
  for (const one of producers) one.process.stdin.write("begin\n");
  while (workers.reduce((sum, one) => sum + one.started, 0) < given.tasks) {
    await sleep(REPORT_MS);
    if ([...workers, ...producers].some((one) => one.process.exitCode)) {
      throw new Error("a process of the run failed");
    }
  }
  await sleep(SETTLING_MS);
  for (const one of workers) one.process.stdin.end();
  const ends = await Promise.all(workers.map((one) => one.ended));
  await Promise.all(producers.map((one) => one.ended));
  return {
    seconds: (Math.max(...ends.map((end) => end.last)) - began) / 1000,
    done: new Set(ends.flatMap((end) => end.numbers)).size,
    runs: ends.reduce((sum, end) => sum + end.runs, 0),
    left: await program.left(),
  };
}

const say = (words) => process.stdout.write(JSON.stringify(words) + "\n");

async function work(program) {
  const { recorder } = program;
  await program.startWorker();
  say({ ready: true });
  let stopped = false;
  process.stdin.resume().once("end", () => (stopped = true));
  let told = 0;
  while (!stopped) {
    await sleep(REPORT_MS);
    if (told !== recorder.started.size) say({ started: (told = recorder.started.size) });
  }
  await program.stopWorker();
  return { numbers: [...recorder.started.keys()], runs: recorder.runs, last: recorder.last };
}

async function produce(program) {
  const { first, tasks } = program.given;
  say({ ready: true });
  const [told] = await Promise.race([once(process.stdin, "data"), once(process.stdin, "end")]);
  if (told) {
    const numbers = numbersFrom(first, tasks);
    for (let start = 0; start < tasks; start += PRODUCED_AT_ONCE) {
      await program.enqueueMany(numbers.slice(start, start + PRODUCED_AT_ONCE));
    }
  }
  process.stdin.destroy();
  return {};
}

export const CHILDREN = { work, produce };
