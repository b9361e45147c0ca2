// Prints one JSON object a line for every test that ended: its name, whether it passed, and what went wrong.

export default async function* report(source) {
  for await (const { type, data } of source) {
    const ended = type === 'test:pass' || type === 'test:fail';
    if (!ended || data.details?.type === 'suite') continue;
    const cause = data.details?.error?.cause ?? data.details?.error;
    yield `${JSON.stringify({
      name: data.name,
      passed: type === 'test:pass',
      skipped: data.skip !== undefined,
      milliseconds: Math.round(data.details?.duration_ms ?? 0),
      error: type === 'test:fail' ? String(cause?.stack ?? cause) : null,
    })}\n`;
  }
}
