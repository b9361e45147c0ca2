#:project ../../src/FuncLimiter.Client/FuncLimiter.Client.csproj
#:package Microsoft.Extensions.AI.OpenAI@10.11.0
#:property PublishAot=false

// An agent of three steps behind FuncLimiter: dotnet run samples/dotnet/agent.cs
using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json.Nodes;
using FuncLimiter.Client;
using Microsoft.Extensions.AI;
using OpenAI;

var address = new Uri(Environment.GetEnvironmentVariable("FUNCLIMITER_URL") ?? "http://127.0.0.1:8080");
var key = Environment.GetEnvironmentVariable("FUNCLIMITER_KEY") ?? "any";
const string Model = "gpt-4o-mini";

// One HttpClient for all: it tells FuncLimiter who calls, keeps to its refusals and hears its pressure.
var handler = new FuncLimiterHandler(
    new() { Tags = new() { Workflow = "sample", Run = Guid.NewGuid().ToString("N")[..8] } }, new SocketsHttpHandler());
using var http = new HttpClient(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
http.DefaultRequestHeaders.Authorization = new("Bearer", key);

// 1. The official SDK, through Microsoft.Extensions.AI. Its own retries are off.
var chat = new OpenAIClient(
        new ApiKeyCredential(key),
        new() { Endpoint = new(address, "/v1"), Transport = new HttpClientPipelineTransport(http), RetryPolicy = new ClientRetryPolicy(0) })
    .GetChatClient(Model).AsIChatClient().AsBuilder()
    .UseFuncLimiterTags(new() { Step = "answer", Priority = CallPriority.Interactive })
    .Build();
var answer = await chat.GetResponseAsync("Say hello.", new() { MaxOutputTokens = 20 });
Console.WriteLine($"answered: {answer.Usage?.OutputTokenCount} tokens");

// 2. What can wait is put off while there is little room, and goes out as a job.
await handler.Pressure.WaitWhileAsync(PressureLevel.Act);
var limiter = new FuncLimiterClient(http);
var job = await limiter.SubmitAsync([.. Enumerable.Range(0, 3).Select(i => new JobCall("/v1/chat/completions", Chat($"Summarise page {i}.")) { Step = "summarise" })]);
var done = await limiter.WaitForJobAsync(job.Id);
Console.WriteLine($"job: {done.Progress.Succeeded} of {done.Progress.Total} succeeded");

// 3. A call that the agent makes itself: leave is asked for first, and what it used is told.
var reservation = await limiter.ReserveAsync(new(Model) { InputTokens = 200, OutputTokens = 20 });
var settled = await limiter.SettleAsync(reservation, new() { Usage = new(InputTokens: 180, OutputTokens: 12) });
Console.WriteLine($"reserved at {reservation.Deployment}: {settled.Reason}");

static JsonObject Chat(string text) => new()
{
    ["model"] = Model,
    ["max_tokens"] = 20,
    ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text }),
};
