// Anthropic's client served by models that OpenAI's or Azure's API alone offers: nothing but the model's name tells it so.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { arrived, left } from './support/double.mjs';
import { apiKey, baseUrl, modelsOf } from './support/environment.mjs';
import { errorOf } from './support/expect-error.mjs';
import { pixel } from './support/pixel.mjs';

const models = modelsOf('OPENAI');
const azure = modelsOf('AZURE');
const connect = (options) => new Anthropic({ baseURL: baseUrl, apiKey, ...options });
const client = connect();
const once = connect({ maxRetries: 0 });
const hello = [{ role: 'user', content: 'Say hello.' }];
const tool = (name) => ({
  name, description: `Tells the ${name}.`, input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
});

describe('anthropic at openai', () => {
  test('a message is answered by an OpenAI model', async () => {
    const before = await arrived(models.plain);
    const { data: message, response } = await client.messages
      .create({ model: models.plain, max_tokens: 20, system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }], messages: hello })
      .withResponse();

    assert.match(response.headers.get('x-funclimiter-deployment'), /^gpt-account\//);
    assert.equal(await arrived(models.plain), before + 1);
    assert.equal(message.type, 'message');
    assert.equal(message.content[0].type, 'text');
    assert.match(message.stop_reason, /^(end_turn|max_tokens)$/);
    assert.ok(message.usage.input_tokens > 0);
    assert.ok(message.usage.output_tokens > 0 && message.usage.output_tokens <= 20);
  });

  test('a message is answered by an Azure deployment', async () => {
    const message = await client.messages.create({ model: azure.plain, max_tokens: 20, messages: hello });

    assert.ok(message.content[0].text.length > 0);
  });

  test('a streamed message of an OpenAI model arrives piece by piece', async () => {
    const stream = client.messages.stream({ model: models.slow, max_tokens: 20, messages: hello });
    const times = [];
    stream.on('text', () => times.push(performance.now()));
    const message = await stream.finalMessage();

    assert.ok(message.content[0].text.length > 0);
    assert.ok(message.usage.input_tokens > 0);
    assert.ok(message.usage.output_tokens > 0);
    assert.ok(times.at(-1) - times[0] > 300, `All text came within ${times.at(-1) - times[0]} ms.`);
  });

  test('a streamed message of an Azure deployment has every event in its order', async () => {
    const events = [];
    for await (const event of await client.messages.create({ model: azure.plain, max_tokens: 20, messages: hello, stream: true })) {
      events.push(event.type);
    }

    assert.deepEqual(
      [...new Set(events)],
      ['message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta', 'message_stop']);
  });

  test('tools are called over several turns', async () => {
    const tools = [tool('get_weather'), tool('get_time')];
    const messages = [{ role: 'user', content: 'Call the tool for the weather in Paris.' }];
    const asked = await client.messages.create({ model: models.plain, max_tokens: 100, messages, tools });
    const call = asked.content.find((block) => block.type === 'tool_use');

    assert.equal(asked.stop_reason, 'tool_use');
    assert.equal(call.name, 'get_weather');
    assert.equal(typeof call.input, 'object');

    messages.push(
      { role: 'assistant', content: asked.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: [{ type: 'text', text: '21 degrees' }] }] });
    const answer = await client.messages.create({ model: models.plain, max_tokens: 100, messages, tools });

    assert.equal(answer.content[0].type, 'text');
    messages.push({ role: 'assistant', content: answer.content }, { role: 'user', content: 'Call the tool for Oslo, please.' });
    const again = await client.messages.create({
      model: models.plain, max_tokens: 100, messages, tools, tool_choice: { type: 'any', disable_parallel_tool_use: true },
    });

    assert.equal(again.stop_reason, 'tool_use');
  });

  test('two calls made at once are answered together', async () => {
    const call = (id, city) => ({ type: 'tool_use', id, name: 'get_weather', input: { city } });
    const message = await client.messages.create({
      model: models.plain,
      max_tokens: 50,
      tools: [tool('get_weather')],
      messages: [
        { role: 'user', content: 'Compare Paris and Oslo.' },
        { role: 'assistant', content: [{ type: 'text', text: 'I look.' }, call('toolu_1', 'Paris'), call('toolu_2', 'Oslo')] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: '21' },
            { type: 'tool_result', tool_use_id: 'toolu_2', content: '4' },
            { type: 'text', text: 'Which is warmer?' },
          ],
        },
      ],
    });

    assert.ok(message.content[0].text.length > 0);
  });

  test('a streamed tool call of an OpenAI model comes together', async () => {
    const message = await client.messages.stream({
      model: models.plain, max_tokens: 100, messages: [{ role: 'user', content: 'Call the tool for the weather in Oslo.' }], tools: [tool('get_weather')],
    }).finalMessage();
    const call = message.content.find((block) => block.type === 'tool_use');

    assert.equal(message.stop_reason, 'tool_use');
    assert.equal(call.name, 'get_weather');
    assert.equal(typeof call.input, 'object');
  });

  test('images go along as bytes and as addresses', async () => {
    const sources = [{ type: 'base64', media_type: 'image/png', data: pixel }, { type: 'url', url: 'https://images.example/a.png' }];
    for (const source of sources) {
      const message = await client.messages.create({
        model: models.plain, max_tokens: 20, messages: [{ role: 'user', content: [{ type: 'image', source }, { type: 'text', text: 'What is this?' }] }],
      });

      assert.ok(message.content[0].text.length > 0);
    }
  });

  test('aborting a translated stream ends it upstream too', async () => {
    const before = await left(models.slow);
    const stream = await client.messages.create({ model: models.slow, max_tokens: 100, messages: hello, stream: true });
    for await (const _ of stream) stream.controller.abort();

    await left.reaches(models.slow, before + 1);
  });

  test('what OpenAI lacks is a BadRequestError with place and reason', async () => {
    const before = await arrived(models.plain);
    const error = await errorOf(
      once.messages.create({ model: models.plain, max_tokens: 20, messages: hello, thinking: { type: 'enabled', budget_tokens: 1024 } }),
      Anthropic.BadRequestError);

    assert.equal(error.type, 'invalid_request_error');
    assert.match(error.message, /thinking/);
    assert.equal(await arrived(models.plain), before);
  });

  test('a failing OpenAI model is an InternalServerError of Anthropic', async () => {
    const error = await errorOf(once.messages.create({ model: models.failingElsewhere, max_tokens: 20, messages: hello }), Anthropic.InternalServerError);

    assert.equal(error.type, 'api_error');
  });

  test('an overloaded OpenAI model is status 529', async () => {
    const error = await errorOf(once.messages.create({ model: models.overloadedElsewhere, max_tokens: 20, messages: hello }), Anthropic.InternalServerError);

    assert.equal(error.type, 'overloaded_error');
    assert.equal(error.status, 529);
  });
});
