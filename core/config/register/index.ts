/**
 * `sluice/register`: Node and test runners load TypeScript as `sluice start` does, decorators of both kinds of metadata included.
 *
 *     node --import sluice/register --test my-plugins/*.test.ts
 *
 * Node's own type stripping is not there in Node 20, knows no decorators, and does not find `./shout.ts` behind the name `./shout.js`, which
 * is what tsc wants under every one of its settings (ADR 0040).
 */
import module from "node:module";
import { load, resolve } from "./hooks.ts";

// Since Node 22.15; the other one is deprecated since 26.
const { registerHooks } = module as { readonly registerHooks?: (hooks: object) => void };
if (registerHooks === undefined) module.register("./hooks.js", import.meta.url);
else registerHooks({ resolve, load });
