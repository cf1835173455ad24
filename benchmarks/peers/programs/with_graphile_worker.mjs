// graphile-worker; the variant `batched` has its local queue and batched completion.
import { Logger, makeWorkerUtils, run } from "graphile-worker";

import { main, Program } from "./contract.mjs";

const LOCAL_QUEUE = 500;
const logger = new Logger(() => () => {});

class WithGraphileWorker extends Program {
  async setUp() {
    this.utils = await makeWorkerUtils({ connectionString: this.url, logger });
  }

  async makeSchema() {
    await this.utils.migrate();
  }

  async enqueueMany(numbers) {
    await this.utils.addJobs(
      numbers.map((number) => ({ identifier: "note", payload: this.payload(number) })),
    );
  }

  async enqueue(number) {
    await this.utils.addJob("note", this.payload(number));
  }

  async startWorker() {
    const batched = { localQueue: { size: LOCAL_QUEUE }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
    this.runner = await run({
      connectionString: this.url,
      concurrency: this.concurrency,
      noHandleSignals: true,
      logger,
      preset: { worker: this.variant === "batched" ? batched : {} },
      taskList: { note: (payload) => this.handle(payload) },
    });
  }

  async stopWorker() {
    await this.runner.stop();
  }

  async left() {
    const found = await this.utils.withPgClient((client) =>
      client.query("SELECT count(*)::int AS n FROM graphile_worker._private_jobs"),
    );
    return found.rows[0].n;
  }

  async close() {
    await this.utils.release();
  }
}

await main(WithGraphileWorker);
