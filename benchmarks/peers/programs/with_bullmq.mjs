// bullmq: finished jobs are removed at once.
import { Queue, Worker } from "bullmq";

import { main, Program } from "./contract.mjs";

class WithBullmq extends Program {
  async setUp() {
    const { hostname, port, pathname } = new URL(this.url);
    this.connection = { host: hostname, port: Number(port), db: Number(pathname.slice(1)) };
    this.queue = new Queue("bench", {
      connection: this.connection,
      defaultJobOptions: { removeOnComplete: true },
    });
    await this.queue.waitUntilReady();
  }

  async enqueueMany(numbers) {
    await this.queue.addBulk(numbers.map((number) => ({ name: "note", data: this.payload(number) })));
  }

  async enqueue(number) {
    await this.queue.add("note", this.payload(number));
  }

  async startWorker() {
    this.worker = new Worker("bench", (job) => this.handle(job.data), {
      connection: this.connection,
      concurrency: this.concurrency,
    });
    await this.worker.waitUntilReady();
  }

  async stopWorker() {
    await this.worker.close();
  }

  async left() {
    return await this.queue.getJobCountByTypes("wait", "active", "delayed", "prioritized", "paused");
  }

  async close() {
    await this.queue.close();
  }
}

await main(WithBullmq);
