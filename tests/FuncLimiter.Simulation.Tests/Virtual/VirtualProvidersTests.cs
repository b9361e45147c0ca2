using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Faults;
using FuncLimiter.Simulation.Virtual;

namespace FuncLimiter.Simulation.Tests.Virtual;

public class VirtualProvidersTests
{
    private static readonly VirtualCharge Call = new(1, 100, 60, 40, 1);

    [Fact]
    public void Ask_WhenABucketIsEmpty_RefusesAndSaysWhenItFits()
    {
        var providers = Of([], LimitOptions.Rpm(60, burstSeconds: 2));
        providers.Ask(0, Call, 0);
        providers.Ask(0, Call, 0);

        var refused = providers.Ask(0, Call, 0);
        var later = providers.Ask(0, Call, 1.01);

        Assert.Equal(VirtualOutcome.RateLimited, refused.Outcome);
        Assert.Equal(LimitDimension.Requests, refused.Dimension);
        Assert.Equal(1, refused.RetryAfterSeconds!.Value, 0.01);
        Assert.Equal(VirtualOutcome.Answered, later.Outcome);
        Assert.Equal(1, providers.Report(0, 2).Rejected);
    }

    [Fact]
    public void End_WhenLessWasUsed_GivesTheRestBack()
    {
        var providers = Of([], LimitOptions.Tpm(1_000));
        providers.Ask(0, Call with { Tokens = 1_000 }, 0);
        providers.End(0, new VirtualCharge(0, -900, 0, 0, -1), 60, 40, 0.001);

        Assert.Equal(VirtualOutcome.Answered, providers.Ask(0, Call with { Tokens = 900 }, 0.001).Outcome);
        Assert.Equal(VirtualOutcome.RateLimited, providers.Ask(0, Call with { Tokens = 900 }, 0.001).Outcome);
    }

    [Fact]
    public void Ask_DuringAnOutage_IsShedAndChargedNothing()
    {
        var outage = new FaultRule(FaultKind.Unavailable) { After = TimeSpan.FromSeconds(10), For = TimeSpan.FromSeconds(5) };
        var providers = Of([outage], LimitOptions.Tpm(1_000));

        Assert.Equal(VirtualOutcome.Answered, providers.Ask(0, Call, 9).Outcome);
        Assert.Equal(VirtualOutcome.Overloaded, providers.Ask(0, Call, 12).Outcome);
        Assert.Equal(VirtualOutcome.Answered, providers.Ask(0, Call, 15).Outcome);
        Assert.Equal(2, providers.Report(0, 20).Accepted);
    }

    [Fact]
    public void Ask_WhenALimitWasCut_IsHeldToTheNewOne()
    {
        var cut = new FaultRule(FaultKind.LimitChange) { After = TimeSpan.FromSeconds(10), Value = 150 };
        var providers = Of([cut], LimitOptions.Tpm(1_000));

        Assert.True(providers.Ask(0, Call, 11).IsTaken);
        Assert.False(providers.Ask(0, Call, 11).IsTaken);
        Assert.Equal(150, providers.Read(0, 11).Single().Limit);
    }

    [Fact]
    public void TakeOutside_LeavesLessForTheFleet()
    {
        var providers = Of([], LimitOptions.Tpm(1_000));

        Assert.True(providers.TakeOutside(0, new VirtualCharge(1, 950, 0, 0, 0), 0));
        Assert.False(providers.TakeOutside(0, new VirtualCharge(1, 100, 0, 0, 0), 0));
        Assert.Equal(VirtualOutcome.RateLimited, providers.Ask(0, Call, 0).Outcome);
        Assert.Equal(0, providers.Report(0, 0).Accepted);
    }

    [Fact]
    public void Ask_OfDeploymentsOfOneKey_SharesItsLimits()
    {
        var providers = new VirtualProviders(new ProviderDoubleOptions
        {
            Deployments = [new DeploymentOptions("key", "a"), new DeploymentOptions("key", "b")],
            SharedLimits = new Dictionary<string, IReadOnlyList<LimitOptions>> { ["key"] = [LimitOptions.Rpm(1)] },
        });

        Assert.True(providers.Ask(0, Call, 0).IsTaken);
        Assert.Equal(VirtualOutcome.RateLimited, providers.Ask(1, Call, 0).Outcome);
    }

    [Fact]
    public void Ask_OfMoreThanALimitHolds_IsTooLarge()
    {
        var providers = Of([], LimitOptions.Tpm(50));

        Assert.Equal(VirtualOutcome.TooLarge, providers.Ask(0, Call, 0).Outcome);
    }

    private static VirtualProviders Of(IReadOnlyList<FaultRule> faults, params IReadOnlyList<LimitOptions> limits) => new(new ProviderDoubleOptions
    {
        Deployments = [new DeploymentOptions("key", "model") { Limits = limits }],
        Faults = faults,
    });
}
