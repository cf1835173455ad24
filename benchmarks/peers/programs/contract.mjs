// What contract.py is for Python: the same options, the same measurement.
import { MEASURES } from "./measures.mjs";
import { CHILDREN } from "./processes.mjs";

export { Program } from "./program.mjs";

export async function main(Peer) {
  const given = JSON.parse(process.argv[2]);
  const program = new Peer(given);
  await program.setUp();
  if (!(given.kind in CHILDREN)) await program.makeSchema();
  const figures = await { ...MEASURES, ...CHILDREN }[given.kind](program);
  await program.close();
  process.stdout.write(JSON.stringify(figures) + "\n");
}
