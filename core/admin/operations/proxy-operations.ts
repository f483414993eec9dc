import { z } from "zod";
import { SluiceError } from "../../contract/index.ts";
import { shownConfig } from "../views/config-view.ts";
import { listenerView, listenerViews, pluginOf } from "../views/listener-view.ts";
import { shownOverrides } from "../views/without-secrets.ts";
import { operation } from "./operation.ts";

const nothing = z.strictObject({});
const ofListener = z.strictObject({ listener: z.string() });
const ofPlugin = z.strictObject({ listener: z.string(), plugin: z.string() });

/** Operations that show the proxy. */
export const proxyOperations = [
  operation({
    name: "status",
    summary: "What runs: listeners, sessions, upstreams, counters and overrides.",
    method: "GET",
    path: "status",
    input: nothing,
    answer: "Status",
    handle({ proxy }) {
      const status = proxy.status();
      return { ...status, overrides: shownOverrides(status.overrides) };
    },
  }),
  operation({
    name: "listeners",
    summary: "The listeners, with their plugins and upstreams.",
    method: "GET",
    path: "listeners",
    input: nothing,
    answer: "Listeners",
    handle: ({ proxy }) => ({ listeners: listenerViews(proxy) }),
  }),
  operation({
    name: "listener",
    summary: "One listener.",
    method: "GET",
    path: "listeners/{listener}",
    input: ofListener,
    answer: "Listener",
    handle: ({ proxy }, { listener }) => listenerView(proxy, listener),
  }),
  operation({
    name: "plugin",
    summary: "One plugin use of a listener.",
    method: "GET",
    path: "listeners/{listener}/plugins/{plugin}",
    input: ofPlugin,
    answer: "Plugin",
    handle: ({ proxy }, { listener, plugin }) => pluginOf(listenerView(proxy, listener), plugin),
  }),
  operation({
    name: "upstreams",
    summary: "The endpoints of all listeners and how they are.",
    method: "GET",
    path: "upstreams",
    input: nothing,
    answer: "Upstreams",
    handle: ({ proxy }) => ({ upstreams: proxy.status().upstreams }),
  }),
  operation({
    name: "config",
    summary: "The config in force with its defaults and overrides, without its secrets.",
    method: "GET",
    path: "config",
    input: nothing,
    answer: "Config",
    handle({ proxy: { steering } }) {
      if (steering.config === undefined) throw new SluiceError("SLUICE_NOT_RUNNING", "the proxy is starting");
      return shownConfig(steering.config);
    },
  }),
];
