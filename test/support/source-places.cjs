"use strict";
// Shows TypeScript's places in the stacks of failed tests. Node would do it for every error, and read the source map of every module that is loaded for
// that: a tenth of the CPU time of the unit tests.

const { existsSync, readFileSync } = require("node:fs");
const { SourceMap } = require("node:module");
const path = require("node:path");
const { fileURLToPath } = require("node:url");

const stackPlace = /((?:file:\/\/)?\/[^\s()]+\.js):(\d+):(\d+)/g;

function mapped(text, url, line, column) {
  const file = url.startsWith("file:") ? fileURLToPath(url) : url;
  if (!existsSync(`${file}.map`)) return text;
  const { originalSource, originalLine, originalColumn } = new SourceMap(JSON.parse(readFileSync(`${file}.map`, "utf8"))).findEntry(
    line - 1,
    column - 1,
  );
  return originalSource === undefined
    ? text
    : `${path.resolve(path.dirname(file), originalSource)}:${originalLine + 1}:${originalColumn + 1}`;
}

/** Changes the stacks of an error and of its causes. */
exports.showSourcePlaces = (error) => {
  for (let each = error; each instanceof Error; each = each.cause) each.stack = each.stack?.replace(stackPlace, mapped);
};
