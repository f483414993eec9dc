const config = (ending: string): string => `import { defineConfig } from "sluice";
import { echo, logging } from "sluice/plugins";
import { shout } from "./my-plugins/shout.${ending}";

// Save this file, or a plugin's, while connections are open: they take the new pipeline at their next byte.
export default defineConfig({
  // For every listener, in front of its own.
  plugins: [logging()],
  listeners: {
    // Answers by itself. Try it: nc 127.0.0.1 7000
    echo: { listen: "tcp://127.0.0.1:7000", plugins: [shout({ suffix: "!" }), echo()] },

    // In front of a server of yours (add retry to the import above):
    // web: { listen: "tcp://127.0.0.1:8080", upstream: "localhost:3000", plugins: [retry({ attempts: 5 })] },
  },
});
`;

const shout = `import { definePlugin } from "sluice";
import { each } from "sluice/flow";

// A plugin's hooks are RxJS operators. each() is the one for work on a chunk at a time: return the chunk to pass on, null to drop it,
// or a promise of either.
export const shout = definePlugin<{ suffix?: string }>("shout", ({ suffix = "" }) => ({
  fromClient: (data) => data.pipe(each((chunk) => Buffer.from(chunk.toString().toUpperCase().replace(/(?=\\r?\\n$)/, suffix)))),
}));
`;

/**
 * What `sluice init` writes, by its place in the folder. Imports end as the output of tsc would, which every setting of tsc accepts.
 *
 * @param isModule whether TypeScript takes a `.ts` of the folder for an ES module; `.mts` always is one
 */
export function starterFiles(isModule: boolean): Readonly<Record<string, string>> {
  return isModule
    ? { "my-plugins/shout.ts": shout, "proxy.config.ts": config("js") }
    : { "my-plugins/shout.mts": shout, "proxy.config.mts": config("mjs") };
}

/** For a folder that has none. */
export const starterTsconfig = `{
  "compilerOptions": {
    "target": "es2023",
    "module": "nodenext",
    "strict": true,
    "skipLibCheck": true,
    "noEmit": true
  }
}
`;
