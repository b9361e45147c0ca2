using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Tests.Hosting;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Tests.Calls;

public class ExecutorTests
{
    [Fact]
    public async Task Execute_HandsTheWholeAnswerBack()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer, ("x-request-id", "req_1"));

        var result = await gateway.Executor.ExecuteAsync(Call(Samples.Chat), CancellationToken.None);

        Assert.Equal((200, Samples.ChatAnswer), (result.Status, Encoding.UTF8.GetString(result.Body.Span)));
        Assert.Equal(("openai-1/gpt-x", new TokenUsage(11, 7, 4), 1), (result.Deployment, result.Usage, result.Attempts));
        Assert.Contains(result.Headers, header => header.Key.Equals("x-request-id", StringComparison.OrdinalIgnoreCase) && header.Value == "req_1");
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
    }

    [Fact]
    public async Task Execute_Refused_HandsTheRefusalBack()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Limiter.Decide = FakeLimiter.Refuse(RefusalReason.WouldWaitTooLong, "tenant:acme", Instant.From(DateTimeOffset.UtcNow.AddSeconds(8.5)));

        var result = await gateway.Executor.ExecuteAsync(Call(Samples.Chat) with { MaxWait = TimeSpan.FromHours(5) }, CancellationToken.None);

        Assert.Equal((429, null, 0), (result.Status, result.Deployment, result.Attempts));
        Assert.Contains(new("Retry-After", "9"), result.Headers);
        Assert.InRange(gateway.Limiter.Requests.Single().MaxWait!.Value, TimeSpan.FromHours(4.9), TimeSpan.FromHours(5));
    }

    [Fact]
    public async Task Execute_ForAModelThatIsGone_IsA404()
    {
        await using var gateway = await TestGateway.StartAsync();

        var result = await gateway.Executor.ExecuteAsync(Call(Samples.Chat.Replace("gpt-x", "nobody", StringComparison.Ordinal)), CancellationToken.None);

        Assert.Equal(404, result.Status);
    }

    [Fact]
    public async Task Execute_WithAnAnswerThatIsTooLarge_SaysSo()
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { MaxReadAnswerBytes = 1_000 });
        gateway.Provider.AnswerWith(200, new string(' ', 5_000));

        var result = await gateway.Executor.ExecuteAsync(Call(Samples.Chat), CancellationToken.None);

        Assert.Equal(502, result.Status);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
    }

    private static CallEnvelope Call(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        Assert.True(RequestReader.TryRead(Operation.ChatCompletions, bytes, null, out var facts, out _));
        return new CallEnvelope(Dialect.OpenAI, facts, bytes, new Caller("acme", null, Priority.Background, null, null, null), "", []);
    }
}
