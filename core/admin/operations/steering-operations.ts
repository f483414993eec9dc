import { z } from "zod";
import { generationViews } from "../views/generation-view.ts";
import { pluginOf } from "../views/listener-view.ts";
import { shownOverrides } from "../views/without-secrets.ts";
import { steering } from "./operation.ts";

const nothing = z.strictObject({});
const ofPlugin = z.strictObject({ listener: z.string(), plugin: z.string() });

const change = z
  .strictObject({
    listener: z.string(),
    plugin: z.string(),
    enabled: z.boolean().optional(),
    options: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ enabled, options }) => enabled !== undefined || options !== undefined, {
    error: 'expected { "enabled": true or false } or { "options": { … } }',
  });

/** Operations that make another generation. */
export const steeringOperations = [
  steering({
    name: "toggle_plugin",
    summary:
      "Switches a plugin use on or off, or changes its options, on open connections too, until it is taken back or the proxy ends: an override.",
    method: "PATCH",
    path: "listeners/{listener}/plugins/{plugin}",
    input: change,
    answer: "ToggledPlugin",
    async handle(live, { listener, plugin, enabled, options }, { check }) {
      pluginOf(await live.listener(listener), plugin);
      const changed = { ...(enabled === undefined ? {} : { enabled }), ...(options === undefined ? {} : { options }) };
      const reload = await live.steer((wanted) => wanted.override({ listener, plugin }, changed, check));
      return { ...pluginOf(await live.listener(listener), plugin), reload };
    },
  }),
  steering({
    name: "overrides",
    summary: "What differs from the config.",
    method: "GET",
    path: "overrides",
    input: nothing,
    answer: "Overrides",
    handle: ({ proxy }) => ({ overrides: shownOverrides(proxy.steering.overrides) }),
  }),
  steering({
    name: "take_back_override",
    summary: "Lets a plugin use do again what the config says.",
    method: "DELETE",
    path: "overrides/{listener}/{plugin}",
    input: ofPlugin,
    answer: "Reload",
    handle: (live, place, { check }) => live.steer((wanted) => wanted.override(place, undefined, check)),
  }),
  steering({
    name: "write_override",
    summary: "Writes into the config file that a plugin use is on or off, comments kept; refused with the reason where that is computed.",
    method: "POST",
    path: "overrides/{listener}/{plugin}/write",
    input: ofPlugin,
    answer: "WrittenPlugin",
    async handle(live, place, { check }) {
      const reload = await live.config.write(place, check);
      return { ...pluginOf(await live.listener(place.listener), place.plugin), file: live.config.file, reload };
    },
  }),
  steering({
    name: "generations",
    summary: "The newest generations, the newest first: what made them, and what they did.",
    method: "GET",
    path: "generations",
    input: nothing,
    answer: "Generations",
    async handle(live) {
      const trial = await live.trial();
      return { generations: generationViews(live.proxy, await live.sessionsOfGenerations(), trial) };
    },
  }),
  steering({
    name: "restore",
    summary:
      "Makes a new generation of what an earlier one was made of, the file stays as it is; while a save is on trial, that in force takes it back.",
    method: "POST",
    path: "generations/{generation}/restore",
    input: z.strictObject({ generation: z.coerce.number().int().min(1) }),
    answer: "Reload",
    handle: (live, { generation }, { check }) => live.steer((wanted) => wanted.restore(generation, check)),
  }),
  steering({
    name: "accept",
    summary: "Puts the generation that is on trial into force, before its time.",
    method: "POST",
    path: "generations/{generation}/accept",
    input: z.strictObject({ generation: z.coerce.number().int().min(1) }),
    answer: "Reload",
    handle: (live, { generation }, { check }) => live.steer((wanted) => wanted.accept(generation, check)),
  }),
  steering({
    name: "plan",
    summary: "What a save of the config as it is would do, and what is on trial.",
    method: "POST",
    path: "plan",
    input: nothing,
    answer: "Plan",
    handle({ proxy, config }, _nothing, { check }) {
      check?.(proxy.generation);
      return config.plan();
    },
  }),
  steering({
    name: "reload",
    summary: "Loads everything again, changed or not.",
    method: "POST",
    path: "reload",
    input: nothing,
    answer: "Reload",
    handle({ proxy, config }, _nothing, { check }) {
      check?.(proxy.generation);
      return config.reload();
    },
  }),
];
