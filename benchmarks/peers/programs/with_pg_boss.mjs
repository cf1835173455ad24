// pg-boss with batches, LISTEN/NOTIFY, and the next fetch at once after a full one.
import { PgBoss } from "pg-boss";

import { main, Program } from "./contract.mjs";

const BATCH = 100;

class WithPgBoss extends Program {
  async setUp() {
    this.boss = new PgBoss({ connectionString: this.url, useListenNotify: true, schedule: false });
    this.boss.on("error", (error) => console.error(error));
    await this.boss.start();
  }

  async makeSchema() {
    await this.boss.createQueue("bench", { notify: true });
  }

  async enqueueMany(numbers) {
    await this.boss.insert("bench", numbers.map((number) => ({ data: this.payload(number) })));
  }

  async enqueue(number) {
    await this.boss.send("bench", this.payload(number));
  }

  async startWorker() {
    const options = { batchSize: BATCH, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
    await this.boss.work("bench", options, async (jobs) => {
      // A batch is settled as one; its jobs run as many at once as asked for.
      const waiting = jobs.values();
      const lane = async () => {
        for (const job of waiting) await this.handle(job.data);
      };
      await Promise.all(Array.from({ length: this.concurrency }, lane));
    });
  }

  async stopWorker() {
    await this.boss.offWork("bench", { wait: true });
  }

  async left() {
    const { rows } = await this.boss.getDb().executeSql(
      "SELECT count(*)::int AS n FROM pgboss.job WHERE name = 'bench' AND state <= 'active'",
    );
    return rows[0].n;
  }

  async close() {
    await this.boss.stop({ graceful: false });
  }
}

await main(WithPgBoss);
