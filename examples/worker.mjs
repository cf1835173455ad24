// Runs the tasks of a queue over HTTP, with nothing but fetch: node worker.mjs [QUEUE]
//
// ROWLOCK_TOKEN is a token with the scope tasks:work. SIGTERM lets the task in hand finish. When
// the worker is killed, its lease runs out, and somebody else runs that task again.
import { setTimeout as sleep } from "node:timers/promises";

const server = process.env.ROWLOCK_SERVER ?? "http://127.0.0.1:8080";
const lease = Number(process.env.ROWLOCK_LEASE ?? 30); // seconds
const queues = [process.argv[2] ?? "default"];
const wanted = { worker: `node-${process.pid}`, queues, lease, wait: 5 };

// Replace this: what it returns is the task's result, what it throws is tried again.
async function handle(payload, progress) {
  await progress({ percent: 50, message: "halfway" });
  return { doubled: payload.number * 2 };
}

async function send(method, path, body, key = "") {
  const headers = { "content-type": "application/json", "idempotency-key": key };
  headers.authorization = `Bearer ${process.env.ROWLOCK_TOKEN}`;
  const request = { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`${server}/api/v1/${path}`, request);
  const answer = await response.json();
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.reason), answer);
}

// Until the server is there: a claim is known by its key, an end by its token.
async function insist(...request) {
  for (;; await sleep(1000)) {
    try {
      return await send(...request);
    } catch (error) {
      if (error.code < 500 && error.code !== 429) throw error;
    }
  }
}

async function run({ id, token, payload }) {
  const tell = (what, more) => send("POST", `task/${id}/${what}`, { token, ...more });
  const beating = setInterval(() => tell("heartbeat", { lease }).catch(() => {}), lease * 333);
  const end = (how) => insist("PATCH", `task/${id}`, { token, ...how });
  try {
    await end({ result: await handle(payload, (report) => tell("progress", report)) });
    console.log(`${id} done`);
  } catch (error) {
    console.error(`${id} failed: ${error.message}`);
    if (error.type !== "LeaseLostError") await end({ error: error.message });
  } finally {
    clearInterval(beating);
  }
}

let stopping = false;
process.on("SIGTERM", () => (stopping = true));

while (!stopping) {
  const { body: tasks } = await insist("POST", "claim", wanted, crypto.randomUUID());
  for (const task of tasks) await run(task).catch((error) => console.error(error.message));
}
