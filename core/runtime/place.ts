import { placeText } from "../config/code-frame.ts";
import { placeInStack } from "../config/stack-place.ts";

/** Finds the place in some files that an error came from: `file:line:column`. */
export function placeIn(files: ReadonlySet<string>): (error: unknown) => string | undefined {
  return (error) => {
    const cause = error instanceof Error ? error : undefined;
    const place = placeInStack(cause?.stack, (file) => files.has(file));
    return place === undefined ? undefined : placeText(place);
  };
}
