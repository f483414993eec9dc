import type { DependencyContainer, InjectionToken } from "tsyringe";
import { reasonOf, SluiceError, type Provider } from "../contract/index.ts";
import type { PluginSite } from "./plugin-error.ts";
import { withinSetup } from "./within-setup.ts";

/**
 * Registers the providers of a config in a generation's container, where they may replace the core's tokens. The promise of an asynchronous
 * factory is awaited, for at most `timeout` milliseconds, and its value is injected.
 *
 * @throws SLUICE_PLUGIN_CONSTRUCT when a factory throws or rejects, or the SluiceError that it threw itself
 */
export async function provide(
  container: DependencyContainer,
  providers: readonly Provider[],
  timeout: number,
  site: Pick<PluginSite, "file" | "locate">,
): Promise<void> {
  for (const [index, provider] of providers.entries()) {
    try {
      // In the order of the config, so that the first that fails is the one named.
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await register(container, provider, timeout);
    } catch (error) {
      throw providerError(error, provider, `providers[${index}]`, site);
    }
  }
}

async function register(container: DependencyContainer, provider: Provider, timeout: number): Promise<void> {
  const token = provider.token as InjectionToken;
  if ("useClass" in provider) container.registerSingleton(token, provider.useClass);
  else if ("useFactory" in provider) {
    const made = provider.useFactory();
    // Only a real Promise is awaited: query builders and similar objects are thenable, and are injected as they are.
    container.register(token, { useValue: made instanceof Promise ? ((await withinSetup(made, timeout)) as unknown) : made });
  } else container.register(token, { useValue: provider.useValue });
}

function providerError(
  error: unknown,
  { token }: Provider,
  path: string,
  { file, locate }: Pick<PluginSite, "file" | "locate">,
): SluiceError {
  const option = file === undefined ? path : `${file}: ${path}`;
  const place = locate(error);
  if (SluiceError.is(error)) return error.at(place ?? option);
  const subject = `the factory of the provider for ${String(token)}${place === undefined ? "" : ` (${option})`}`;
  return new SluiceError("SLUICE_PLUGIN_CONSTRUCT", `${subject} failed: ${reasonOf(error)}`, { cause: error, where: place ?? option });
}
