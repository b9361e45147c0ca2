using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Batches;
using FuncLimiter.Gateway.Tests.Hosting;
using FuncLimiter.Providers;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Tests.Batches;

/// <summary>Which calls go to a batch service, and where.</summary>
public class BatchOffersTests
{
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    [Fact]
    public void Choose_TakesTheFirstDeploymentOfTheRouteThatHasABatchService()
    {
        Assert.Equal(new BatchLane("openai-1/gpt-x", Operation.ChatCompletions), Choose(Of("openai-1", "openai-2"), Samples.Chat.Replace("gpt-x", "smart", StringComparison.Ordinal)));
        Assert.Equal(new BatchLane("openai-2/gpt-y", Operation.ChatCompletions), Choose(Of("openai-2"), Samples.Chat.Replace("gpt-x", "smart", StringComparison.Ordinal)));
        Assert.Null(Choose(Of("openai-2"), Samples.Chat));
        Assert.Null(Choose(Of(), Samples.Chat));
    }

    [Fact]
    public void Choose_LeavesCallsToOthersWaysThatABatchWouldNotAnswerAlike()
    {
        var configuration = Of("openai-1", "anthropic-1");

        Assert.NotNull(Choose(configuration, Samples.Chat));
        Assert.Null(Choose(configuration, Samples.Chat, timeLeft: TimeSpan.FromHours(5)));
        Assert.Null(Choose(configuration, Samples.Chat, priority: Priority.Standard));
        Assert.NotNull(Choose(configuration, Samples.Message, "/v1/messages"));
        Assert.Null(Choose(configuration, Samples.Message, "/v1/messages", headers: [new("anthropic-beta", "files-api-2025-04-14")]));
        Assert.Null(Choose(configuration, Samples.Message, "/v1/messages/count_tokens"));
    }

    [Fact]
    public void Choose_GoesNowhereThatATenantMayNotGo_AndNotWhereItsMoneyIsCounted()
    {
        var configuration = Of("openai-1");
        var tenant = new TenantConfiguration("acme", [], 1, [], []);

        Assert.NotNull(Choose(configuration with { Tenants = [tenant] }, Samples.Chat));
        Assert.Null(Choose(configuration with { Tenants = [tenant with { Allow = new TenantAllowance(["anthropic"], [], []) }] }, Samples.Chat));
        var money = new Limit(Dimension.Cost, 1_000_000_000, TimeSpan.FromDays(1), LimitAlgorithm.CalendarDay);
        Assert.Null(Choose(configuration with { Tenants = [tenant with { Limits = [money] }] }, Samples.Chat));
    }

    [Fact]
    public void Choose_TakesCallsThatABudgetBounds_ForItHoldsWhatTheyCanComeTo()
    {
        var cap = new SpendCap(SpendSubject.Tenant, SpendPeriod.Day, new SpendAmount(1, 1, 1));

        Assert.NotNull(Choose(Of("openai-1") with { Budgets = [cap] }, Samples.Chat));
    }

    [Fact]
    public void Choose_GoesByTheLimitsOfNow()
    {
        var configuration = Of("openai-1");
        var routes = new RouteTable(configuration, ProviderCatalog.Get);
        var offers = new BatchOffers(configuration, routes);
        Assert.NotNull(offers.Choose(Call(Samples.Chat), Day));

        var money = new Limit(Dimension.Cost, 1_000_000_000, TimeSpan.FromDays(1), LimitAlgorithm.CalendarDay);
        routes.Follow([new TenantConfiguration("acme", [], 1, [], []) { ModelLimits = [new("gpt-x", [money])] }]);
        Assert.Null(offers.Choose(Call(Samples.Chat), Day));
    }

    [Fact]
    public void Choose_TranslatesForGeminisBatches_WhereNothingIsLost()
    {
        var configuration = Of() with
        {
            Accounts =
            [
                new AccountConfiguration("gemini-1", "gemini", null, new Uri("https://generativelanguage.googleapis.com"), "k", [], [new ModelConfiguration("gemini-x", [], null)])
                {
                    Batch = new BatchConfiguration(),
                },
            ],
            Routes = [new RouteConfiguration("gpt-x", ["gemini-1/gemini-x"], [])],
        };

        Assert.Equal(new BatchLane("gemini-1/gemini-x", Operation.ChatCompletions), Choose(configuration, Samples.Chat));
        Assert.Null(Choose(configuration, Samples.Chat.Replace("\"max_tokens\":50", "\"max_tokens\":50,\"logit_bias\":{\"5\":1}", StringComparison.Ordinal)));
    }

    private static GatewayConfiguration Of(params string[] accounts)
    {
        var open = Samples.Open(new Uri("http://localhost"));
        return open with { Accounts = [.. open.Accounts.Select(account => accounts.Contains(account.Id) ? account with { Batch = new BatchConfiguration() } : account)] };
    }

    private static BatchLane? Choose(
        GatewayConfiguration configuration, string body, string path = "/v1/chat/completions", Priority priority = Priority.Background, TimeSpan? timeLeft = null,
        IReadOnlyList<KeyValuePair<string, string>>? headers = null)
    {
        var routes = new RouteTable(configuration, ProviderCatalog.Get);
        return new BatchOffers(configuration, routes)
            .Choose(Call(body, path, priority, headers), timeLeft ?? Day);
    }

    private static CallEnvelope Call(
        string body, string path = "/v1/chat/completions", Priority priority = Priority.Background, IReadOnlyList<KeyValuePair<string, string>>? headers = null)
    {
        var job = new JobCall(path, System.Text.Encoding.UTF8.GetBytes(body), priority) { Headers = headers ?? [] };
        Assert.True(JobPath.TryParse(job.Path, out var parsed));
        Assert.True(RequestReader.TryRead(parsed.Operation, job.Body.Span, null, out var facts, out _));
        return new CallEnvelope(parsed.Dialect, facts, job.Body, new Caller("acme", null, priority, null, null, null), parsed.Query, job.Headers);
    }
}
