// What pressing.py does for Python; the roles and what they say are told there.
import { numbersFrom, sleep } from "./program.mjs";

const TICK_MS = 10;
const MOST_AT_ONCE = 5_000;

const nanoseconds = () => Number(process.hrtime.bigint());
const say = (words) => process.stdout.write(JSON.stringify(words) + "\n");

class Waits {
  taken = [];

  note(number) {
    this.taken.push(nanoseconds() - number);
  }

  take() {
    const taken = this.taken;
    this.taken = [];
    const waits = {};
    for (const one of taken) {
      const wait = (one / 1e6).toPrecision(2);
      waits[wait] = (waits[wait] ?? 0) + 1;
    }
    return { started: taken.length, waits };
  }
}

// Becomes true when the input ends.
function stopping() {
  const state = { stopped: false };
  process.stdin.resume().once("end", () => (state.stopped = true));
  return state;
}

async function supply(program) {
  const { rate } = program.given;
  const state = stopping();
  let made = 0;
  let last = performance.now();
  let told = last;
  while (!state.stopped) {
    await sleep(TICK_MS);
    const now = performance.now();
    const due = Math.min(Math.floor(((now - last) * rate) / 1000), MOST_AT_ONCE);
    if (due) {
      last = Math.max(last + (due * 1000) / rate, now - TICK_MS);
      await program.enqueueMany(numbersFrom(nanoseconds(), due));
      made += due;
    }
    if (now - told >= 1000) {
      say({ made });
      made = 0;
      told += 1000;
    }
  }
  return { made };
}

async function serve(program) {
  const waits = (program.recorder = new Waits());
  const state = stopping();
  await program.startWorker();
  for (let told = performance.now(); !state.stopped; await sleep(TICK_MS)) {
    if (performance.now() - told < 1000) continue;
    told += 1000;
    say(waits.take());
  }
  await program.stopWorker();
  return waits.take();
}

async function count(program) {
  return { left: await program.left() };
}

export const PRESSING = { supply, serve, count };
