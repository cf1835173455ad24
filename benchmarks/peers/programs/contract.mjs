// What contract.py is for Python: the same options, the same measurement.
import { MEASURES } from "./measures.mjs";
import { PRESSING } from "./pressing.mjs";
import { CHILDREN } from "./processes.mjs";

export { Program } from "./program.mjs";

// What runs beside others, on a store that has its schema.
const BESIDE = { ...CHILDREN, ...PRESSING };

export async function main(Peer) {
  const given = JSON.parse(process.argv[2]);
  const program = new Peer(given);
  await program.setUp();
  if (!(given.kind in BESIDE)) await program.makeSchema();
  const figures = await { ...MEASURES, ...BESIDE }[given.kind](program);
  await program.close();
  process.stdout.write(JSON.stringify(figures) + "\n");
}
