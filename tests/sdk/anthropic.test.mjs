import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import { arrived, left } from './support/double.mjs';
import { apiKey, baseUrl, modelsOf } from './support/environment.mjs';
import { assertComesBackLater, errorOf } from './support/expect-error.mjs';

const models = modelsOf('ANTHROPIC');
const connect = (options) => new Anthropic({ baseURL: baseUrl, apiKey, ...options });
const client = connect();
const once = connect({ maxRetries: 0 });
const hello = [{ role: 'user', content: 'Say hello.' }];
const ask = (model, options, using = once) => using.messages.create({ model, max_tokens: 20, messages: hello }, options);
const weatherTool = {
  name: 'get_weather',
  description: 'The weather of a city.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

describe('anthropic', () => {
  test('a message answers with text and usage', async () => {
    const message = await ask(models.plain, {}, client);

    assert.equal(message.type, 'message');
    assert.equal(message.content[0].type, 'text');
    assert.ok(message.content[0].text.length > 0);
    assert.ok(message.usage.input_tokens > 0);
    assert.ok(message.usage.output_tokens > 0 && message.usage.output_tokens <= 20);
  });

  test('a streamed message arrives piece by piece', async () => {
    const stream = client.messages.stream({ model: models.slow, max_tokens: 20, messages: hello });
    const times = [];
    stream.on('text', () => times.push(performance.now()));
    const message = await stream.finalMessage();

    assert.ok(message.content[0].text.length > 0);
    assert.ok(message.usage.output_tokens > 0);
    assert.ok(times.at(-1) - times[0] > 300, `All text came within ${times.at(-1) - times[0]} ms.`);
  });

  test('a streamed message has every event in its order', async () => {
    const events = [];
    for await (const event of await client.messages.create({ model: models.plain, max_tokens: 20, messages: hello, stream: true })) {
      events.push(event.type);
    }

    assert.deepEqual(
      [...new Set(events)].filter((type) => type !== 'ping'),
      ['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop']);
  });

  test('a tool is called, its result answered in turn two', async () => {
    const messages = [{ role: 'user', content: 'Call the tool for the weather in Paris.' }];
    const asked = await client.messages.create({ model: models.plain, max_tokens: 100, messages, tools: [weatherTool] });
    const call = asked.content.find((block) => block.type === 'tool_use');

    assert.equal(asked.stop_reason, 'tool_use');
    assert.equal(call.name, 'get_weather');

    messages.push(
      { role: 'assistant', content: asked.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: '21 degrees' }] });
    const answer = await client.messages.create({ model: models.plain, max_tokens: 100, messages, tools: [weatherTool] });

    assert.equal(answer.content[0].type, 'text');
  });

  test('a streamed tool call comes together from its pieces', async () => {
    const messages = [{ role: 'user', content: 'Call the tool for the weather in Oslo.' }];
    const message = await client.messages.stream(
      { model: models.plain, max_tokens: 100, messages, tools: [weatherTool] }).finalMessage();
    const call = message.content.find((block) => block.type === 'tool_use');

    assert.equal(call.name, 'get_weather');
    assert.equal(typeof call.input, 'object');
  });

  test('tokens are counted', async () => {
    const counted = await client.messages.countTokens({ model: models.plain, messages: hello });

    assert.ok(counted.input_tokens > 0);
  });

  test('aborting a stream ends it upstream too', async () => {
    const before = await left(models.slow);
    const stream = await client.messages.create({ model: models.slow, max_tokens: 100, messages: hello, stream: true });
    let events = 0;
    for await (const _ of stream) {
      events += 1;
      stream.controller.abort();
    }

    assert.ok(events >= 1);
    await left.reaches(models.slow, before + 1);
  });

  test('calls over the limit wait and are answered', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => ask(models.paced)));

    assert.deepEqual(answers.map((answer) => answer.type), Array(3).fill('message'));
  });

  test('aborting a waiting call keeps it from the provider', async () => {
    await ask(models.paced);
    const before = await arrived(models.paced);
    const controller = new AbortController();
    const waiting = ask(models.paced, { signal: controller.signal });
    await delay(200);
    controller.abort();

    await errorOf(waiting, Anthropic.APIUserAbortError);
    await ask(models.paced);
    assert.equal(await arrived(models.paced), before + 1);
  });

  test('a bad key is an AuthenticationError', async () => {
    const error = await errorOf(
      ask(models.plain, {}, connect({ apiKey: 'nobody-knows-this-key', maxRetries: 0 })), Anthropic.AuthenticationError);

    assert.equal(error.type, 'authentication_error');
    assert.ok(!error.message.includes('nobody-knows-this-key'));
  });

  test('an unknown model is a NotFoundError', async () => {
    const error = await errorOf(ask('no-such-model'), Anthropic.NotFoundError);

    assert.equal(error.type, 'not_found_error');
    assert.match(error.message, /no-such-model/);
  });

  test('a bad parameter is a BadRequestError that names it', async () => {
    const error = await errorOf(
      once.messages.create({ model: models.plain, max_tokens: 0, messages: hello }), Anthropic.BadRequestError);

    assert.equal(error.type, 'invalid_request_error');
    assert.match(error.message, /max_tokens/);
  });

  test('too long a wait is a RateLimitError with a hint', async () => {
    const ended = await Promise.allSettled([ask(models.tight), ask(models.tight)]);
    const refused = ended.filter((end) => end.status === 'rejected').map((end) => end.reason);

    assert.equal(refused.length, 1);
    assert.ok(refused[0] instanceof Anthropic.RateLimitError, `${refused[0]}`);
    assert.equal(refused[0].type, 'rate_limit_error');
    assertComesBackLater(refused[0]);
  });

  test('a failing provider is an InternalServerError', async () => {
    const error = await errorOf(ask(models.failing), Anthropic.InternalServerError);

    assert.equal(error.type, 'api_error');
  });

  test('an overloaded provider is status 529', async () => {
    const error = await errorOf(ask(models.overloaded), Anthropic.InternalServerError);

    assert.equal(error.type, 'overloaded_error');
    assert.equal(error.status, 529);
  });
});
