using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Server.Virtual;

namespace FuncLimiter.Server.Planning;

/// <summary>How far a deployment's limits are used, by the one that is used most.</summary>
/// <param name="Deployment">The deployment.</param>
/// <param name="UsedShare">What a day uses of what it lets through.</param>
/// <param name="PeakShare">The same in the busiest hour.</param>
/// <param name="PeakHour">That hour.</param>
/// <param name="Binding">The limit; null where there is none.</param>
internal sealed record LimitUse(string Deployment, double UsedShare, double PeakShare, int PeakHour, string? Binding)
{
    public static IReadOnlyList<LimitUse> All(GatewayConfiguration configuration, FluidDay day) =>
        [.. configuration.Accounts.SelectMany(account => account.Models.Select(model => Of($"{account.Id}/{model.Model}", day)))];

    private static LimitUse Of(string name, FluidDay day)
    {
        if (day.Meter[name].MaxBy(Share) is not { } binding)
        {
            return new LimitUse(name, 0, 0, 0, null);
        }

        var most = binding.TakenByHour.Max();
        return new LimitUse(
            name,
            TenantOutcome.Rounded(Share(binding)),
            TenantOutcome.Rounded(most / binding.PerHour),
            binding.TakenByHour.ToList().IndexOf(most),
            $"{LimitWords.Of(binding.Limit.Dimension)} {LimitWords.Per(binding.Limit.Window.TotalSeconds)}".TrimEnd());
    }

    private static double Share(FluidMeter meter) => meter.TakenByHour.Sum() / (meter.PerHour * WorkGroup.HoursPerDay);
}
