import { expect } from "chai";
import { SluiceError } from "sluice";
import { withEnabled } from "../../../../core/config/edit/with-enabled.ts";

const file = "/app/proxy.config.ts";
const config = (plugins: string, head = ""): string => `// Straße: above everything, with letters of two bytes.
import { defineConfig } from "sluice";
${head}
export default defineConfig({
  listeners: {
    web: { listen: "tcp://127.0.0.1:0", plugins: ${plugins} }, // kept
  },
});
`;

function refusalOf(plugins: string, path = "listeners.web.plugins[0]"): string {
  try {
    withEnabled(file, config(plugins), path, false);
  } catch (error) {
    if (SluiceError.is(error)) return `${error.code} ${error.where ?? ""}: ${error.detail}`;
    throw error;
  }
  return "written";
}

describe("withEnabled", () => {
  const changes: readonly (readonly [before: string, after: string])[] = [
    ["[shout()]", "[shout({ enabled: false })]"],
    ["[shout(/* loud */)]", "[shout(/* loud */{ enabled: false })]"],
    ["[shout({})]", "[shout({ enabled: false })]"],
    ['[shout({ text: "é" })]', '[shout({ enabled: false, text: "é" })]'],
    ['[shout({text: "a"})]', '[shout({enabled: false, text: "a"})]'],
    ["[shout({ enabled: true })]", "[shout({ enabled: false })]"],
    ["[shout({ 'enabled' : /* for now */ true, })]", "[shout({ 'enabled' : /* for now */ false, })]"],
    ["[shout({ ...rest, enabled: true })]", "[shout({ ...rest, enabled: false })]"],
    ["[(shout({ a: 1 } as const) satisfies PluginUse)]", "[(shout({ enabled: false, a: 1 } as const) satisfies PluginUse)]"],
    ["[kinds.shout<number>()]", "[kinds.shout<number>({ enabled: false })]"],
    [
      "[\n      shout({ // how\n        // what\n        text: 1, // why\n      }),\n    ]",
      "[\n      shout({ // how\n        enabled: false,\n        // what\n        text: 1, // why\n      }),\n    ]",
    ],
    ["[shout({\r\n\ttext: 1,\r\n})]", "[shout({\r\n\tenabled: false,\r\n\ttext: 1,\r\n})]"],
  ];
  for (const [before, after] of changes)
    it(`makes ${JSON.stringify(after)} from ${JSON.stringify(before)}, and leaves the rest unchanged`, () => {
      expect(withEnabled(file, config(before), "listeners.web.plugins[0]", false)).to.equal(config(after));
    });

  it("finds the use by its place: the second, one in an array, one for every listener, a name in quotes", () => {
    expect(withEnabled(file, config("[a(), b()]"), "listeners.web.plugins[1]", false)).to.equal(config("[a(), b({ enabled: false })]"));
    expect(withEnabled(file, config("[[a(), b()], c()]"), "listeners.web.plugins[0][1]", false)).to.equal(
      config("[[a(), b({ enabled: false })], c()]"),
    );
    expect(withEnabled(file, config("[a(), ...more]"), "listeners.web.plugins[0]", false)).to.include("[a({ enabled: false }), ...more]");
    const all = 'export default { plugins: [a()], listeners: { "x y": { plugins: [b()] } } };';
    expect(withEnabled(file, all, "plugins[0]", false)).to.equal(all.replace("a()", "a({ enabled: false })"));
    expect(withEnabled(file, all, 'listeners["x y"].plugins[0]', false)).to.equal(all.replace("b()", "b({ enabled: false })"));
  });

  for (const around of [
    "#!/usr/bin/env sluice\nexport default { listeners: { web: { plugins: [a()] } } };",
    "\uFEFFexport default { listeners: { web: { plugins: [a()] } } };",
    "const config = { listeners: { web: { plugins: [a()] } } } satisfies Config;\nexport default config;",
    "export default defineConfig(async () => { await it(); return { listeners: { web: { plugins: [a()] } } }; });",
    "export default () => ({ listeners: { web: { plugins: [a()] } } });",
    "export default function () { return defineConfig({ listeners: { web: { plugins: [a()] } } }); }",
  ])
    it(`finds it in ${JSON.stringify(around.slice(0, 50))}…`, () => {
      expect(withEnabled(file, around, "listeners.web.plugins[0]", false)).to.equal(around.replace("a()", "a({ enabled: false })"));
    });

  const refused: readonly (readonly [plugins: string, message: string])[] = [
    ["[shout({ enabled: !slow })]", "it is computed: `enabled: !slow`"],
    ["[shout({ enabled })]", "`enabled` is computed: `enabled`"],
    ["[shout({ ...base })]", "`enabled` may come from `...base`"],
    ["[shout({ enabled: true, ...base })]", "`enabled` may come from `...base`"],
    ["[shout({ [key]: 1 })]", "`enabled` may be a computed key"],
    ["[shout(options)]", "its options are computed: `options`"],
    ["[shout(...options)]", "its options are computed: `options`"],
    ["[shout(...{ a: 1 })]", "its options are computed: `{ a: 1 }`"],
    ["[loud]", "listeners.web.plugins[0] is computed: `loud` is no call of a plugin"],
    ["[slow ? shout() : echo()]", "`slow ? shout() : echo()` is no call of a plugin"],
    ["[slow && shout()]", "`slow && shout()` is no call of a plugin"],
    ["[...common]", "which plugin it is is computed: `...common`"],
    ["common", "it is computed: `common` is no array literal"],
    ["common.concat(shout())", "it is computed: `common.concat(shout())` is no array literal"],
    ["[]", "there is no plugin at place 0"],
  ];
  for (const [plugins, message] of refused)
    it(`refuses plugins: ${plugins}`, () => {
      const said = refusalOf(plugins);
      expect(said).to.match(/^SLUICE_ADMIN_CONFLICT \/app\/proxy\.config\.ts:6:\d+: /);
      expect(said).to.include(message);
    });

  it("refuses a text that does not parse, one without a config, and two names that refer to each other", () => {
    for (const [text, message] of [
      ["export default {", "does not parse"],
      ["module.exports = {};", "no `export default`"],
      ["const a = b; const b = a; export default a;", "is no object literal"],
    ] as const)
      expect(() => withEnabled(file, text, "listeners.web.plugins[0]", false)).to.throw(SluiceError, message);
  });
});
