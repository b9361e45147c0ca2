using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Limits;

namespace FuncLimiter.Gateway.Tests.Alerts;

/// <summary>Several keys of one provider are refused though their own budgets have room.</summary>
public class LimitAlertsTests
{
    private const string One = "deployment:openai-1/gpt-x";
    private const string Two = "deployment:openai-2/gpt-x";
    private readonly LimitAlerts _alerts = new(
        new GatewayConfiguration { Accounts = [Account("openai-1"), Account("openai-2"), Account("openai-3")], Routes = [] }, new LimitBoard());

    [Fact]
    public void KeysThatGoByLessThanTheirLimits_AreSaidToShareOnePerhaps_WithWhatToWrite()
    {
        var changes = _alerts.Step(Report((One, 0.85), (Two, 0.7), ("deployment:openai-3/gpt-x", 1)));

        Assert.Equal([One, Two], changes.Select(change => change.Alert.Budget));
        var alert = changes[0].Alert;
        Assert.Equal((AlertKind.Limit, $"{One} and {Two} are refused more than their own limits explain; they may share one"), (alert.Kind, alert.Cause));
        Assert.Contains(alert.Steps, step => step.EndsWith($"\"limits\": {{ \"tpm\": 60000 }} }}], and \"sharedLimits\": [\"shared\"] at {One} and {Two}", StringComparison.Ordinal));
        Assert.Empty(_alerts.Step(Report((One, 0.92), (Two, 0.94))));
        Assert.Equal([AlertChange.Ended, AlertChange.Ended], _alerts.Step(Report((One, 0.96), (Two, 0.94))).Select(change => change.Change));
    }

    [Fact]
    public void OneKeyThatGoesByLess_OrKeysThatWereFoundToShare_AreNot()
    {
        Assert.Empty(_alerts.Step(Report((One, 0.5), (Two, 0.95))));

        var found = Budget("shared:found/openai-1/gpt-x+openai-2/gpt-x", 1) with { Found = new([One, Two], Instant.Distant, 40) };
        var report = Report((One, 0.5), (Two, 0.5));

        Assert.Equal(found.Name, Assert.Single(_alerts.Step(report with { Budgets = [.. report.Budgets, found] })).Alert.Budget);
    }

    private static AccountConfiguration Account(string id) => new(
        id, "openai", null, new Uri("http://127.0.0.1:1"), "key", [], [new("gpt-x", [new Limit(Dimension.Tokens, 60_000, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket)], null)]);

    private static LimiterReport Report(params (string Name, double Share)[] budgets) =>
        new(Instant.Distant, [.. budgets.Select(budget => Budget(budget.Name, budget.Share))], [], 0, 0, 0, 0);

    private static BudgetReport Budget(string name, double share) =>
        new(name, [new MeterReport(Dimension.Tokens, 60, 60_000, 60_000 * share, 60_000 * share, 0, 0)], Instant.Distant, 0)
        {
            Learned = new(TimeSpan.Zero, share, Instant.Distant, 100),
        };
}
