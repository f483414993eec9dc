import type { HookName } from "../../contract/index.ts";
import type { LivePlugin } from "../../pipeline/live-plugin.ts";

/** A warning for each plugin of a listener with hooks that are never called, because a plugin in front of it answers. */
export function unreachedWarnings(plugins: readonly LivePlugin[]): string[] {
  const answered = new Map<HookName, string>();
  return plugins.flatMap(({ plugin, use: { name, path } }) => {
    const idle = [...answered].filter(([hook]) => typeof plugin[hook] === "function");
    for (const hook of plugin.answersIn ?? []) if (!answered.has(hook)) answered.set(hook, name);
    return idle.length === 0 ? [] : [warning(path, name, idle)];
  });
}

function warning(path: string, name: string, idle: readonly (readonly [HookName, string])[]): string {
  const hooks = idle.map(([hook]) => hook).join(" and ");
  const front = idle[0]?.[1] ?? "";
  const are = idle.length > 1 ? `the hooks ${hooks} of "${name}" are` : `the hook ${hooks} of "${name}" is`;
  return `${path}: ${are} never called, as "${front}" in front of it answers: put it before "${front}", or leave it out`;
}
