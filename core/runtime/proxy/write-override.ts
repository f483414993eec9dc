import { readFileSync } from "node:fs";
import { SluiceError, reasonOf, type Override, type ResolvedConfig } from "../../contract/index.ts";
import { useOf } from "../../config/check/with-overrides.ts";
import { withEnabled } from "../../config/edit/with-enabled.ts";
import { replaceFile } from "../../config/files/replace-file.ts";
import type { ConfigLoader } from "../../config/load/config-loader.ts";
import { noOverride } from "../generation/overrides.ts";
import type { Steering } from "./steering.ts";

type UseName = Pick<Override, "listener" | "plugin">;

/**
 * Writes `enabled` of an override into the config's file. The new text is loaded before it is written. It is written only if it gives that plugin use
 * the wanted state, and leaves every other use as it runs now.
 *
 * @throws SLUICE_ADMIN_UNKNOWN, SLUICE_ADMIN_CONFLICT
 */
export async function writeOverride({ base, overrides }: Steering, place: UseName, loader: ConfigLoader): Promise<void> {
  const name = `${place.listener}/${place.plugin}`;
  const override = overrides.find(({ listener, plugin }) => listener === place.listener && plugin === place.plugin);
  if (base === undefined || override === undefined) throw noOverride(place, overrides);
  const { enabled, options } = override;
  if (options !== undefined || enabled === undefined)
    throw new SluiceError(
      "SLUICE_ADMIN_CONFLICT",
      `the override of ${name} has options, and only \`enabled\` is written: write them yourself`,
    );
  const { file } = base;
  if (file === undefined || !loader.isInFile) throw new SluiceError("SLUICE_ADMIN_CONFLICT", "this proxy's config is in no file");
  const use = useOf(base, place);
  if (use === undefined) throw noOverride(place, overrides);
  refuseShared(base, use.path, place, file);
  const before = readFileSync(file, "utf8");
  const after = withEnabled(file, before, use.path, enabled);
  refuseOther(base, await loaded(loader, after, file), { ...place, enabled }, file);
  replaceFile(file, before, after);
}

async function loaded(loader: ConfigLoader, text: string, file: string): Promise<ResolvedConfig> {
  try {
    return await loader.tried(text);
  } catch (error) {
    throw new SluiceError("SLUICE_ADMIN_CONFLICT", `the changed config would be refused: ${reasonOf(error)}`, {
      where: file,
      cause: error,
    });
  }
}

/** Refuses a plugin that the config names once for all listeners: the file cannot turn it off for one. */
function refuseShared(base: ResolvedConfig, path: string, place: UseName, file: string): void {
  const others = base.listeners.filter(({ name, declared }) => name !== place.listener && declared.some((use) => use.path === path));
  if (others.length > 0) throw sharedWith(others, path, file);
}

function sharedWith(others: readonly { readonly name: string }[], what: string, file: string): SluiceError {
  const names = others.map(({ name }) => name).join(", ");
  return new SluiceError("SLUICE_ADMIN_CONFLICT", `${what} is shared with other listeners (${names}), which would be changed too`, {
    where: file,
  });
}

function refuseOther(base: ResolvedConfig, after: ResolvedConfig, wanted: UseName & { readonly enabled: boolean }, file: string): void {
  const is = statesOf(after);
  const expected = statesOf(base);
  const own = keyOf(wanted.listener, wanted.plugin);
  if (is.get(own) !== wanted.enabled)
    throw new SluiceError(
      "SLUICE_ADMIN_CONFLICT",
      `whether ${own} is enabled is computed: \`enabled: ${wanted.enabled}\` would not change it`,
      {
        where: file,
      },
    );
  expected.set(own, wanted.enabled);
  const changed = base.listeners.filter(({ name, declared }) =>
    declared.some((use) => is.get(keyOf(name, use.name)) !== expected.get(keyOf(name, use.name))),
  );
  const others = changed.filter(({ name }) => name !== wanted.listener);
  if (others.length > 0) throw sharedWith(others, own, file);
  if (changed.length > 0 || is.size !== expected.size)
    throw new SluiceError("SLUICE_ADMIN_CONFLICT", "the file does not say what runs: reload it first, and look whether it is refused", {
      where: file,
    });
}

/** Whether each plugin use is enabled. */
function statesOf({ listeners }: ResolvedConfig): Map<string, boolean> {
  return new Map(listeners.flatMap(({ name, declared }) => declared.map((use) => [keyOf(name, use.name), use.use.enabled] as const)));
}

function keyOf(listener: string, plugin: string): string {
  return `${listener}/${plugin}`;
}
