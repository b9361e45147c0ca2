// What the provider double has seen: the other end of every call.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { doubleUrl } from './environment.mjs';

const deploymentOf = async (model) => {
  const answer = await fetch(`${doubleUrl}/_double/report`);
  assert.equal(answer.status, 200);
  const { deployments } = await answer.json();
  return deployments.find((deployment) => deployment.name === model) ?? { calls: 0, cancelled: 0 };
};

/** How many calls of a model have arrived. */
export const arrived = async (model) => (await deploymentOf(model)).calls;

/** How many calls of a model their caller has left in the middle. */
export const left = async (model) => (await deploymentOf(model)).cancelled;

/** Waits until that many were left: news of it travels for a moment. */
left.reaches = async (model, count) => {
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await left(model)) >= count) return;
    await delay(50);
  }

  assert.fail(`The provider still works on a call of ${model} that nobody waits for.`);
};
