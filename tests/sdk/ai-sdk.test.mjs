import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createAzure } from '@ai-sdk/azure';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, generateText, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { apiKey, baseUrl, modelsOf } from './support/environment.mjs';

const [ofOpenAI, ofAnthropic, ofAzure] = ['OPENAI', 'ANTHROPIC', 'AZURE'].map(modelsOf);
const openai = createOpenAI({ baseURL: `${baseUrl}/v1`, apiKey });
const anthropic = createAnthropic({ baseURL: `${baseUrl}/v1`, apiKey });
const azure = createAzure({ baseURL: `${baseUrl}/openai/v1`, apiKey });

/** What holds for a model, whichever of the providers' packages it is of. */
async function answers(model) {
  const { text, usage } = await generateText({ model, prompt: 'Say hello.', maxOutputTokens: 20 });

  assert.ok(text.length > 0);
  assert.ok(usage.inputTokens > 0 && usage.outputTokens > 0 && usage.outputTokens <= 20, JSON.stringify(usage));
}

async function streams(model) {
  const times = [];
  const result = streamText({ model, prompt: 'Say hello.', maxOutputTokens: 20 });
  for await (const _ of result.textStream) times.push(performance.now());

  assert.ok((await result.usage).outputTokens > 0);
  assert.ok(times.at(-1) - times[0] > 300, `All text came within ${times.at(-1) - times[0]} ms.`);
}

async function callsTools(model) {
  const asked = [];
  const result = await generateText({
    model,
    prompt: 'Call the tool for the weather in Paris.',
    maxOutputTokens: 100,
    stopWhen: stepCountIs(2),
    tools: {
      get_weather: tool({
        description: 'The weather of a city.',
        inputSchema: z.looseObject({ city: z.string().optional() }),
        execute: async (input) => {
          asked.push(input);
          return '21 degrees';
        },
      }),
    },
  });

  assert.equal(asked.length, 1);
  assert.equal(result.steps.length, 2);
  assert.ok(result.text.length > 0);
}

describe('ai sdk', () => {
  test('openai: responses answer', () => answers(openai(ofOpenAI.plain)));
  test('openai: chat completions answer', () => answers(openai.chat(ofOpenAI.plain)));
  test('openai: responses stream', () => streams(openai(ofOpenAI.slow)));
  test('openai: chat completions stream', () => streams(openai.chat(ofOpenAI.slow)));
  test('openai: a tool is called by responses', () => callsTools(openai(ofOpenAI.plain)));
  test('openai: a tool is called by chat completions', () => callsTools(openai.chat(ofOpenAI.plain)));
  test('anthropic: messages answer', () => answers(anthropic(ofAnthropic.plain)));
  test('anthropic: messages stream', () => streams(anthropic(ofAnthropic.slow)));
  test('anthropic: a tool is called', () => callsTools(anthropic(ofAnthropic.plain)));
  test('azure: responses answer', () => answers(azure(ofAzure.plain)));
  test('azure: chat completions answer', () => answers(azure.chat(ofAzure.plain)));
  test('azure: chat completions stream', () => streams(azure.chat(ofAzure.slow)));
  test('azure: a tool is called', () => callsTools(azure.chat(ofAzure.plain)));
  test('an unknown model is an APICallError that names it', async () => {
    const error = await generateText({ model: openai('no-such-model'), prompt: 'Hello.', maxRetries: 0 }).catch((reason) => reason);

    assert.ok(APICallError.isInstance(error), `${error}`);
    assert.equal(error.statusCode, 404);
    assert.match(error.message, /no-such-model/);
  });
});
