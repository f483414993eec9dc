// node dist/test/setup/diagrams/main.js writes the pictures of docs/pictures that are drawn; a test compares them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../support/repository.ts";
import { drawnPictures } from "./drawn-pictures.ts";

for (const [file, text] of Object.entries(drawnPictures())) writeFileSync(join(root, file), text);
