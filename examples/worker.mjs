// A worker in JavaScript: runs the tasks of a queue over HTTP, with nothing but fetch.
//
//     ROWLOCK_TOKEN=… node worker.mjs [QUEUE]
//
// It needs a token with the scope tasks:work. SIGTERM lets the task in hand finish. When it is
// killed, its lease runs out, and somebody else runs that task again.
const server = process.env.ROWLOCK_SERVER ?? "http://127.0.0.1:8080";
const queue = process.argv[2] ?? "default";
const worker = `node-${process.pid}`;
const lease = Number(process.env.ROWLOCK_LEASE ?? 30); // seconds

// Replace this: what it returns is the task's result, what it throws is tried again.
async function handle(payload, progress) {
  await progress(50, "halfway");
  return { doubled: payload.number * 2 };
}

async function call(method, path, body) {
  const response = await fetch(`${server}/api/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${process.env.ROWLOCK_TOKEN}`,
      "content-type": "application/json",
    },
    body: body && JSON.stringify(body),
  });
  const document = await response.json();
  if (response.ok) return document;
  throw Object.assign(new Error(document.reason), { status: response.status, type: document.type });
}

// The same call with the same token may be sent again: it answers the same.
async function settle(task, outcome) {
  for (;;) {
    try {
      return await call("PATCH", `task/${task.id}`, { token: task.token, ...outcome });
    } catch (error) {
      if (error.status && error.status < 500 && error.status !== 429) throw error;
      await sleep(1000);
    }
  }
}

async function run(task) {
  const { id, token } = task;
  const beat = () => call("POST", `task/${id}/heartbeat`, { token, lease }).catch(() => {});
  const beating = setInterval(beat, (lease * 1000) / 3);
  const progress = (percent, message) =>
    call("POST", `task/${id}/progress`, { token, percent, message });
  try {
    const result = await handle(task.payload, progress);
    await settle(task, { result });
    console.log(`${id} done`);
  } catch (error) {
    console.error(`${id} failed: ${error.message}`);
    if (error.type !== "LeaseLostError") await settle(task, { fail: true, error: error.message });
  } finally {
    clearInterval(beating);
  }
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
let stopping = false;
process.on("SIGTERM", () => (stopping = true));

while (!stopping) {
  try {
    await run(await call("PUT", `task/${queue}?worker=${worker}&lease=${lease}&wait=5`));
  } catch (error) {
    if (error.type === "NoTaskError") continue; // it waited 5 seconds for one
    console.error(error.message);
    await sleep(1000);
  }
}
