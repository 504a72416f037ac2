declare const process: { argv: string[] };

// How the test calls a client.
export const [server, title, start] = process.argv.slice(2) as [string, string, string];

// check ends the client unless the answer is right.
export function check(what: string, ok: boolean, problem: unknown): void {
  if (!ok) throw new Error(`${what}: ${JSON.stringify(problem)}`);
}
