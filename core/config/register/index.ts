/**
 * `sluice/register`: Node and test runners load TypeScript as `sluice start` does, including decorators and their metadata.
 *
 *     node --import sluice/register --test my-plugins/*.test.ts
 *
 * Node's own type stripping does not exist in Node 20, does not know decorators, and does not find `./shout.ts` by the name `./shout.js`, which
 * tsc accepts with every setting (ADR 0040).
 */
import module from "node:module";
import { load, resolve } from "./hooks.ts";

// Exists since Node 22.15; `module.register` is deprecated since 26.
const { registerHooks } = module as { readonly registerHooks?: (hooks: object) => void };
if (registerHooks === undefined) module.register("./hooks.js", import.meta.url);
else registerHooks({ resolve, load });
