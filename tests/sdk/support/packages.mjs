// The samples stand in a folder without packages: theirs are taken from this one. To be named in node --import.
import { register } from 'node:module';

register(`data:text/javascript,${encodeURIComponent(`
  export const resolve = (specifier, context, next) =>
    next(specifier, context.parentURL?.includes('/samples/') ? { ...context, parentURL: ${JSON.stringify(import.meta.url)} } : context);
`)}`);
