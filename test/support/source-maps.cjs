"use strict";
// Shows TypeScript's places in stacks. The option --enable-source-maps would do the same, but mocha would start a second process for it.

process.setSourceMapsEnabled(true);
