using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Tests.Configuration;

public class ConfigurationReaderTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact]
    public void Read_WhenAllIsWell_ResolvesAccounts()
    {
        var account = Sample.Valid(Sample.Json).Accounts[0];

        Assert.Equal(("openai-east", "openai", "eastus", Sample.OpenAIKey), (account.Id, account.Provider, account.Region, account.ApiKey));
        Assert.Equal(new Uri("https://api.openai.com"), account.Endpoint);
        Assert.Equal([new Limit(Dimension.Requests, 10000, Minute, LimitAlgorithm.Bucket)], account.Limits);
        Assert.Equal(new PriceConfiguration(2.5m, 1.25m, 10m) { CacheWrite = 3.125m, BatchDiscount = 0.4m }, account.Models[0].Price);
        Assert.Equal(
            [
                new Limit(Dimension.Requests, 600, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 6 },
                new Limit(Dimension.Tokens, 120000, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 6 },
                new Limit(Dimension.Requests, 10000, Day, LimitAlgorithm.Bucket),
                new Limit(Dimension.Tokens, 2000000, Day, LimitAlgorithm.Bucket),
                new Limit(Dimension.Concurrent, 50, TimeSpan.Zero, LimitAlgorithm.Concurrency),
            ],
            account.Models[0].Limits);
    }

    [Fact]
    public void Read_WhenAllIsWell_ResolvesTheRest()
    {
        var configuration = Sample.Valid(Sample.Json);

        var tenant = Assert.Single(configuration.Tenants);
        Assert.Equal(("acme", 3.0, Sample.HookSecret), (tenant.Id, tenant.Weight, tenant.WebhookSecret));
        Assert.Equal([Sample.KeyHash], tenant.Keys.Select(key => key.Hash));
        Assert.Equal(Priority.Standard, tenant.HighestPriority);
        Assert.Equal(["openai-org", "gpt-y-org"], configuration.SharedLimits.Select(shared => shared.Id));
        Assert.Equal([new Limit(Dimension.Requests, 900, Minute, LimitAlgorithm.Bucket)], configuration.SharedLimits[1].Limits);
        Assert.Equal(["openai-org", "gpt-y-org"], configuration.Accounts[0].SharedBy(configuration.Accounts[0].Models[1]));
        Assert.Equal([new Limit(Dimension.Tokens, 50000, Minute, LimitAlgorithm.Bucket)], tenant.Limits);
        Assert.Equal([new Limit(Dimension.Requests, 60, Minute, LimitAlgorithm.Bucket)], tenant.UserLimits);
        Assert.Equal(
            new QueueConfiguration
            {
                MaxWaitInteractive = TimeSpan.FromSeconds(15),
                MaxWaitStandard = TimeSpan.FromSeconds(100),
                MaxWaitBackground = TimeSpan.FromSeconds(1800.5),
                MaxWaiting = 5000,
                MaxWaitingBytes = 100_000_000,
                StandardFloor = 0.2,
                BackgroundFloor = 0.1,
            },
            configuration.Queue);
        Assert.Equal(
            new AlertConfiguration { WarnAt = 0.7, ActAt = 0.95, Webhook = "https://hooks.example.com/alerts", WebhookSecret = Sample.HookSecret }, configuration.Alerts);
        Assert.Equal("5e884898", Assert.Single(configuration.Admin.Keys).Hash[..8]);
        Assert.Equal(
            new JobConfiguration
            {
                MaxRunning = 32,
                MaxWaiting = 50000,
                MaxCalls = 500,
                Deadline = TimeSpan.FromMinutes(10),
                KeepResults = TimeSpan.FromHours(24),
                WebhookSecret = Sample.HookSecret,
                WebhooksToPrivateNetworks = true,
            },
            configuration.Jobs);
    }

    [Fact]
    public void Read_WhenOnlyWhatIsRequiredIsThere_TakesTheDefaults()
    {
        var configuration = Sample.Valid("""{"accounts":[{"id":"a","provider":"anthropic","apiKey":"${HOOK}","models":[{"model":"m"}]}]}""");

        Assert.Equal(new Uri("https://api.anthropic.com"), configuration.Accounts[0].Endpoint);
        Assert.Null(configuration.Accounts[0].Models[0].Price);
        Assert.Empty(configuration.Accounts[0].Limits);
        Assert.Empty(configuration.Tenants);
        Assert.Equal(new QueueConfiguration(), configuration.Queue);
        Assert.Equal(new AlertConfiguration(), configuration.Alerts);
        Assert.Equal(new JobConfiguration(), configuration.Jobs);
    }

    [Fact]
    public void Read_WhenTheFileBeginsWithAByteOrderMark_TakesIt() =>
        Assert.True(ConfigurationReader.Read([0xEF, 0xBB, 0xBF, .. System.Text.Encoding.UTF8.GetBytes(Sample.Json)], Sample.Environment).IsValid);

    [Fact]
    public void Read_WhenCachedInputHasNoPrice_TakesTheInputPrice() =>
        Assert.Equal(new PriceConfiguration(3, 3, 15), Sample.Valid(Sample.Json).Accounts[2].Models[0].Price);

    [Fact]
    public void Read_WhenAnEndpointNamesAVariable_FillsItIn()
    {
        var json = Sample.With("accounts[0].endpoint", "\"https://${NAME}.example.com/base\"");

        var result = ConfigurationReader.Read(json, name => name == "NAME" ? "east" : Sample.Environment(name));

        Assert.Equal(new Uri("https://east.example.com/base"), result.Configuration!.Accounts[0].Endpoint);
    }

    [Fact]
    public void Read_WhenAModelsServerOfOnesOwnHasNoKey_TakesIt()
    {
        var account = Sample.Valid("""{"accounts":[{"id":"own","provider":"openai-compatible","endpoint":"http://localhost:8000","models":[{"model":"m"}]}]}""").Accounts[0];

        Assert.Equal(string.Empty, account.ApiKey);
    }

    [Fact]
    public void Print_WhenAConfigurationIsWrittenOut_HoldsNoSecret()
    {
        var configuration = Sample.Valid(Sample.Json);

        var printed = string.Join("\n", configuration, configuration.Accounts[0], configuration.Tenants[0], configuration.Jobs);

        Assert.Contains("openai-east", printed, StringComparison.Ordinal);
        Assert.DoesNotContain(Sample.OpenAIKey, printed, StringComparison.Ordinal);
        Assert.DoesNotContain(Sample.HookSecret, printed, StringComparison.Ordinal);
    }
}
