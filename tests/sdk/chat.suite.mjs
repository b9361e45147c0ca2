// What holds for chat completions, whichever of the openai package's clients asks for them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import OpenAI from 'openai';
import { arrived, left } from './support/double.mjs';
import { assertComesBackLater, errorOf } from './support/expect-error.mjs';

const hello = [{ role: 'user', content: 'Say hello.' }];
const weatherTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

/**
 * @param {(options?: object) => OpenAI} connect makes a client; nothing but address and key differ from its defaults
 * @param {object} models the models by what they are for
 */
export function chatSuite(connect, models) {
  const client = connect();
  const once = connect({ maxRetries: 0 });

  test('a chat completion answers with text and usage', async () => {
    const answer = await client.chat.completions.create({ model: models.plain, messages: hello, max_tokens: 20 });

    assert.equal(answer.object, 'chat.completion');
    assert.equal(answer.choices[0].message.role, 'assistant');
    assert.ok(answer.choices[0].message.content.length > 0);
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
    assert.ok(answer.usage.completion_tokens > 0 && answer.usage.completion_tokens <= 20);
  });

  test('a streamed completion arrives piece by piece', async () => {
    const stream = await client.chat.completions.create({
      model: models.slow, messages: hello, max_tokens: 20, stream: true, stream_options: { include_usage: true },
    });
    let text = '';
    let usage;
    const times = [];
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
      times.push(performance.now());
    }

    assert.ok(text.length > 0);
    assert.ok(usage.completion_tokens > 0);
    assert.ok(times.at(-1) - times[0] > 300, `All chunks came within ${times.at(-1) - times[0]} ms.`);
  });

  test('a tool is called, its result answered in turn two', async () => {
    const messages = [{ role: 'user', content: 'Call the tool for the weather in Paris.' }];
    const asked = await client.chat.completions.create({ model: models.plain, messages, tools: [weatherTool] });
    const [call] = asked.choices[0].message.tool_calls;

    assert.equal(asked.choices[0].finish_reason, 'tool_calls');
    assert.equal(call.function.name, 'get_weather');
    assert.equal(typeof JSON.parse(call.function.arguments), 'object');

    messages.push(asked.choices[0].message, { role: 'tool', tool_call_id: call.id, content: '{"celsius":21}' });
    const answer = await client.chat.completions.create({ model: models.plain, messages, tools: [weatherTool] });

    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.ok(answer.choices[0].message.content.length > 0);
  });

  test('a streamed tool call comes together from its pieces', async () => {
    const messages = [{ role: 'user', content: 'Call the tool for the weather in Oslo.' }];
    const run = client.chat.completions.stream({ model: models.plain, messages, tools: [weatherTool] });
    const message = await run.finalMessage();

    assert.equal(message.tool_calls[0].function.name, 'get_weather');
    assert.equal(typeof JSON.parse(message.tool_calls[0].function.arguments), 'object');
  });

  test('aborting a stream ends it upstream too', async () => {
    const controller = new AbortController();
    const before = await left(models.slow);
    const stream = await client.chat.completions.create(
      { model: models.slow, messages: hello, stream: true }, { signal: controller.signal });
    let chunks = 0;
    for await (const _ of stream) {
      chunks += 1;
      controller.abort();
    }

    assert.ok(chunks >= 1);
    await left.reaches(models.slow, before + 1);
  });

  test('calls over the limit wait and are answered', async () => {
    const answers = await Promise.all([1, 2, 3].map(
      () => once.chat.completions.create({ model: models.paced, messages: hello, max_tokens: 10 })));

    assert.deepEqual(answers.map((answer) => answer.object), Array(3).fill('chat.completion'));
  });

  test('aborting a waiting call keeps it from the provider', async () => {
    const ask = (options) => once.chat.completions.create({ model: models.paced, messages: hello, max_tokens: 10 }, options);
    await ask();
    const before = await arrived(models.paced);
    const controller = new AbortController();
    const waiting = ask({ signal: controller.signal });
    await delay(200);
    controller.abort();

    await errorOf(waiting, OpenAI.APIUserAbortError);
    await ask();
    assert.equal(await arrived(models.paced), before + 1);
  });

  test('a bad key is an AuthenticationError', async () => {
    const stranger = connect({ apiKey: 'nobody-knows-this-key', maxRetries: 0 });
    const error = await errorOf(
      stranger.chat.completions.create({ model: models.plain, messages: hello }), OpenAI.AuthenticationError);

    assert.equal(error.status, 401);
    assert.ok(!error.message.includes('nobody-knows-this-key'));
  });

  test('an unknown model is a NotFoundError', async () => {
    const error = await errorOf(
      once.chat.completions.create({ model: 'no-such-model', messages: hello }), OpenAI.NotFoundError);

    assert.match(error.message, /no-such-model/);
  });

  test('a bad parameter is a BadRequestError that names it', async () => {
    const error = await errorOf(
      once.chat.completions.create({ model: models.plain, messages: hello, max_tokens: 0 }), OpenAI.BadRequestError);

    assert.match(`${error.param} ${error.message}`, /max_tokens/);
  });

  test('too long a wait is a RateLimitError with a hint', async () => {
    const ask = () => once.chat.completions.create({ model: models.tight, messages: hello, max_tokens: 10 });
    const ended = await Promise.allSettled([ask(), ask()]);
    const refused = ended.filter((end) => end.status === 'rejected').map((end) => end.reason);

    assert.equal(refused.length, 1);
    assert.ok(refused[0] instanceof OpenAI.RateLimitError, `${refused[0]}`);
    assert.match(String(refused[0].code), /^(rate_limit_exceeded|RateLimitReached|429)$/);
    assertComesBackLater(refused[0]);
  });

  test('a failing provider is an InternalServerError', async () => {
    const error = await errorOf(
      once.chat.completions.create({ model: models.failing, messages: hello, max_tokens: 10 }), OpenAI.InternalServerError);

    assert.ok(error.status >= 500);
    assert.ok(error.message.length > 0);
  });

  test('an overloaded provider is status 503', async () => {
    const error = await errorOf(
      once.chat.completions.create({ model: models.overloaded, messages: hello, max_tokens: 10 }), OpenAI.InternalServerError);

    assert.equal(error.status, 503);
  });

  test('embeddings come back as numbers', async () => {
    const answer = await client.embeddings.create({ model: models.embedding, input: ['one', 'two'] });

    assert.equal(answer.data.length, 2);
    assert.ok(answer.data.every((item) => item.embedding.length > 0 && item.embedding.every(Number.isFinite)));
    assert.ok(answer.usage.prompt_tokens > 0);
  });
}
