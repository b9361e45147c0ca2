import assert from 'node:assert/strict';

/** The error that a call ends in, which must be of a client's own class. */
export async function errorOf(call, errorClass) {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof errorClass, `${error?.constructor?.name} is no ${errorClass.name}: ${error}`);
    return error;
  }

  assert.fail(`The call succeeded instead of ending in a ${errorClass.name}.`);
}

/** A hint in whole seconds that lies ahead. */
export function assertComesBackLater(error) {
  const seconds = Number(error.headers.get('retry-after'));
  assert.ok(Number.isInteger(seconds) && seconds > 0 && seconds <= 120, `retry-after: ${error.headers.get('retry-after')}`);
}
