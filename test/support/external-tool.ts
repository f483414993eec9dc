import { findTool } from "../setup/tools.ts";

/**
 * The file of a real server or client, for a test or hook that cannot do without; where it is not installed the test is skipped by name.
 *
 * @throws with `CI=true`, where a missing tool is a failure
 */
export function requireTool(context: Mocha.Context, name: string): string {
  const file = findTool(name);
  if (file !== undefined) return file;
  if (process.env["CI"] === "true") throw new Error(`${name} is not installed, and CI=true asks for every tool`);
  return context.skip();
}
