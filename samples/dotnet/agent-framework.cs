#:package Microsoft.Agents.AI@1.28.0
#:package Microsoft.Extensions.AI.OpenAI@10.11.0
#:property PublishAot=false

// An agent of Microsoft's Agent Framework behind FuncLimiter, by Microsoft.Extensions.AI: any IChatClient will do.
// To run it: FUNCLIMITER_URL=http://127.0.0.1:8080 dotnet run agent-framework.cs
// FUNCLIMITER_KEY is a tenant's key; where no tenants are configured, any will do.
// It prints: the agent answered twice, 40 tokens
using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using OpenAI;

var address = Environment.GetEnvironmentVariable("FUNCLIMITER_URL") ?? "http://127.0.0.1:8080";
using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
http.DefaultRequestHeaders.Add("X-Workflow", "samples");
http.DefaultRequestHeaders.Add("X-Step", "dotnet/agent-framework");

// One run, one name: what it cost is a line of GET /usage?by=run, and a budget may bound it.
http.DefaultRequestHeaders.Add("X-Run", Guid.NewGuid().ToString("N"));

var chat = new OpenAIClient(
        new ApiKeyCredential(Environment.GetEnvironmentVariable("FUNCLIMITER_KEY") ?? "any"),
        new() { Endpoint = new(new Uri(address), "/v1"), Transport = new HttpClientPipelineTransport(http), RetryPolicy = new ClientRetryPolicy(0) })
    .GetChatClient("gpt-4o-mini").AsIChatClient();
var agent = new ChatClientAgent(chat, new ChatClientAgentOptions { Name = "greeter", ChatOptions = new() { Instructions = "You greet.", MaxOutputTokens = 20 } });

var session = await agent.CreateSessionAsync();
var first = await agent.RunAsync("Say hello.", session);
var second = await agent.RunAsync("And once more, in another language.", session);
Console.WriteLine($"the agent answered twice, {first.Usage?.OutputTokenCount + second.Usage?.OutputTokenCount} tokens");
