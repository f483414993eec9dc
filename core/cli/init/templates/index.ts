import { byte } from "./byte.ts";
import { codec } from "./codec.ts";
import { faults } from "./faults.ts";
import { http } from "./http.ts";

/** The templates of plugins, by their names in `--template`. */
export const templates = { byte, http, faults, codec } as const;

export type TemplateName = keyof typeof templates;

export const isTemplateName = (name: unknown): name is TemplateName => typeof name === "string" && Object.hasOwn(templates, name);
