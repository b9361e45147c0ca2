#:package OpenAI@2.15.0
#:property PublishAot=false

// The official SDK behind FuncLimiter: its address and headers are all that is new.
// To run it: FUNCLIMITER_URL=http://127.0.0.1:8080 dotnet run openai-sdk.cs
// FUNCLIMITER_KEY is a tenant's key; where no tenants are configured, any will do.
// It prints: answered in a stream, 20 tokens
using System.ClientModel;
using System.ClientModel.Primitives;
using OpenAI;
using OpenAI.Chat;

var address = Environment.GetEnvironmentVariable("FUNCLIMITER_URL") ?? "http://127.0.0.1:8080";
using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
http.DefaultRequestHeaders.Add("X-Workflow", "samples");
http.DefaultRequestHeaders.Add("X-Step", "dotnet/openai-sdk");
http.DefaultRequestHeaders.Add("X-Priority", "interactive");

// FuncLimiter waits and retries where that can help: the SDK need not.
var client = new OpenAIClient(
    new ApiKeyCredential(Environment.GetEnvironmentVariable("FUNCLIMITER_KEY") ?? "any"),
    new() { Endpoint = new(new Uri(address), "/v1"), Transport = new HttpClientPipelineTransport(http), RetryPolicy = new ClientRetryPolicy(0) });

var tokens = 0;
await foreach (var part in client.GetChatClient("gpt-4o-mini").CompleteChatStreamingAsync(
    [new UserChatMessage("Say hello.")], new ChatCompletionOptions { MaxOutputTokenCount = 20 }))
{
    tokens = part.Usage?.OutputTokenCount ?? tokens;
}

Console.WriteLine($"answered in a stream, {tokens} tokens");
