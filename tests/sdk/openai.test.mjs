import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import OpenAI from 'openai';
import { chatSuite } from './chat.suite.mjs';
import { arrived, left } from './support/double.mjs';
import { apiKey, baseUrl, modelsOf } from './support/environment.mjs';
import { errorOf } from './support/expect-error.mjs';

const models = modelsOf('OPENAI');
const connect = (options) => new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey, ...options });
const client = connect();

describe('openai', () => {
  chatSuite(connect, models);

  test('a response answers with text and usage', async () => {
    const response = await client.responses.create({ model: models.plain, input: 'Say hello.', max_output_tokens: 20 });

    assert.equal(response.status, 'completed');
    assert.ok(response.output_text.length > 0);
    assert.equal(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens);
  });

  test('a streamed response arrives event by event', async () => {
    const stream = await client.responses.create({ model: models.slow, input: 'Say hello.', max_output_tokens: 20, stream: true });
    const events = [];
    let text = '';
    for await (const event of stream) {
      events.push(event.type);
      text += event.type === 'response.output_text.delta' ? event.delta : '';
    }

    assert.equal(events[0], 'response.created');
    assert.equal(events.at(-1), 'response.completed');
    assert.ok(text.length > 0);
  });

  test('a response calls a tool and answers its result', async () => {
    const tools = [{
      type: 'function', name: 'get_weather', strict: true,
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
    }];
    const input = [{ role: 'user', content: 'Call the tool for the weather in Paris.' }];
    const asked = await client.responses.create({ model: models.plain, input, tools });
    const call = asked.output.find((item) => item.type === 'function_call');

    assert.equal(call.name, 'get_weather');

    input.push(...asked.output, { type: 'function_call_output', call_id: call.call_id, output: '{"celsius":21}' });
    const answer = await client.responses.create({ model: models.plain, input, tools });

    assert.ok(answer.output_text.length > 0);
  });

  test('aborting a streamed response ends it upstream too', async () => {
    const before = await left(models.slow);
    const stream = await client.responses.create({ model: models.slow, input: 'Say hello.', stream: true });
    for await (const _ of stream) {
      stream.controller.abort();
    }

    await left.reaches(models.slow, before + 1);
  });

  test('a response of an unknown model is a NotFoundError', async () => {
    const before = await arrived('no-such-model');
    await errorOf(connect({ maxRetries: 0 }).responses.create({ model: 'no-such-model', input: 'Hello' }), OpenAI.NotFoundError);

    assert.equal(await arrived('no-such-model'), before);
  });

  test('the models are listed', async () => {
    const listed = [];
    for await (const model of client.models.list()) {
      listed.push(model.id);
    }

    assert.ok(listed.includes(models.plain), `${models.plain} is not among ${listed}`);
  });
});
