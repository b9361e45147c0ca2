using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Leasing.Fleets;

/// <summary>What a <see cref="FleetWorld"/> is made of.</summary>
internal sealed record FleetSetup
{
    public required LimiterSpec Spec { get; init; }

    public LeasePolicy Policy { get; init; } = new();

    public int Instances { get; init; } = 3;

    /// <summary>Who keeps how many calls waiting, and where.</summary>
    public required IReadOnlyList<Source> Sources { get; init; }

    /// <summary>The longest that a message takes; most take a tenth of it.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(0.2);

    /// <summary>The part of the messages that is lost, 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>The part of the messages that comes twice, 0 to 1.</summary>
    public double Repetition { get; init; }

    /// <summary>How long an instance lives on average; null for ever.</summary>
    public TimeSpan? Life { get; init; }

    /// <summary>How often an owner is out of reach, for ten seconds each; null for never.</summary>
    public TimeSpan? OutageEvery { get; init; }

    /// <summary>How much clocks drift, as a part of what the policy allows.</summary>
    public double Drift { get; init; }

    /// <summary>How far clocks are apart at most.</summary>
    public TimeSpan Apart { get; init; }

    /// <summary>The part of its charge that a call comes to at least.</summary>
    public double LeastFinal { get; init; } = 1;

    /// <summary>How long calls take on average.</summary>
    public TimeSpan CallTime { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>Keeps calls of one tenant and class waiting.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Priority">The class.</param>
/// <param name="Backlog">How many calls it keeps waiting at each of its instances.</param>
/// <param name="LeastTokens">The smallest call.</param>
/// <param name="MostTokens">The largest call.</param>
internal sealed record Source(string Tenant, Priority Priority, int Backlog, int LeastTokens, int MostTokens)
{
    /// <summary>At how many of the instances; null for all.</summary>
    public int? At { get; init; }

    /// <summary>Of how many users, by turns of chance; 0 for none that is named.</summary>
    public int Users { get; init; }
}
