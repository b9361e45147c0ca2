using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Operators.History;

namespace FuncLimiter.Gateway.Dashboard;

/// <summary>One budget as the page shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ClosedUntil">Until when it is closed; <see cref="Instant.Distant"/> where it is open.</param>
/// <param name="Meters">Its meters.</param>
internal sealed record BudgetRow(string Name, Instant ClosedUntil, MeterRow[] Meters)
{
    /// <summary>A budget's row.</summary>
    public static BudgetRow Of(BudgetTrack track, Instant now)
    {
        var meters = new MeterRow[track.Meters.Count];
        for (var i = 0; i < meters.Length; i++)
        {
            meters[i] = MeterRow.Of(track.Latest.Meters[i], track.Meters[i]);
        }

        return new(track.Latest.Name, track.Latest.CooldownUntil > now ? track.Latest.CooldownUntil : Instant.Distant, meters);
    }

    /// <summary>Whether the page would look the same.</summary>
    public bool Equals(BudgetRow? other) =>
        other is not null && Name == other.Name && ClosedUntil == other.ClosedUntil && Meters.AsSpan().SequenceEqual(other.Meters);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, ClosedUntil, Meters.Length);
}
