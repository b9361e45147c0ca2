using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Charging;

/// <summary>What a call really is, which only its provider knows before it is over.</summary>
/// <param name="Prompt">Input tokens.</param>
/// <param name="Cached">Those read from a cache.</param>
/// <param name="Output">Output tokens.</param>
/// <param name="Max">What the caller allows.</param>
internal sealed record TrueCall(long Prompt, long Cached, long Output, long Max);

/// <summary>How a provider charges: what it takes as a call arrives, and what stands once it is over.</summary>
internal sealed record Charges(string Name, Func<TrueCall, double> Start, Func<TrueCall, double> End)
{
    public static readonly Charges[] All =
    [
        Kept("larger of prompt and max", call => Math.Max(call.Prompt, call.Max)),
        Kept("prompt", call => call.Prompt),
        Kept("prompt and max", call => call.Prompt + call.Max),
        Kept("prompt and output at once", call => call.Prompt + call.Output),
        new("prompt, then output", call => call.Prompt, call => call.Prompt + call.Output) { IsSettledLater = true },
        new("prompt and max, settled", call => call.Prompt + call.Max, call => call.Prompt + call.Output) { IsSettledLater = true },
        Kept("uncached prompt and max", call => call.Prompt - call.Cached + call.Max),
        Kept("half as much again as prompt and max", call => 1.5 * (call.Prompt + call.Max)),
        Kept("prompt, max and 100 a call", call => call.Prompt + call.Max + 100),
    ];

    /// <summary>Whether anything changes once a call is over.</summary>
    public bool IsSettledLater { get; init; }

    private static Charges Kept(string name, Func<TrueCall, double> charge) => new(name, charge, charge);
}

/// <summary>A provider's counter, as its pages describe the algorithm and as nobody describes its charges. It shares nothing with the limiter.</summary>
internal sealed class ChargingProvider(LimitAlgorithm algorithm, double limit, Charges charges, double phaseSeconds = 17, double? burstSeconds = null)
{
    private const double Window = 60;
    private readonly double _limit = limit;
    private readonly List<(double At, double Amount)> _taken = [];
    private readonly double _burst = burstSeconds is { } seconds ? limit * seconds / Window : limit;
    private double _level = burstSeconds is { } full ? limit * full / Window : limit;
    private double _at;
    private double _window;
    private double _used;
    private double _possibleFrom = -1;

    public double Accepted { get; private set; }

    /// <summary>What its counter shows as used, 0 to 1.</summary>
    public double Use(double now)
    {
        Advance(now);
        return algorithm == LimitAlgorithm.Bucket ? (_burst - Free) / _burst : (_limit - Free) / _limit;
    }

    /// <summary>The most that could have been accepted from the first call to a time, its first burst included.</summary>
    public double Possible(double now) => _possibleFrom < 0 ? 0 : algorithm switch
    {
        LimitAlgorithm.Bucket => _burst + (_limit / Window * (now - _possibleFrom)),
        LimitAlgorithm.Sliding => _limit * (1 + Math.Floor((now - _possibleFrom) / Window)),
        _ => _limit * (1 + Math.Floor((now - phaseSeconds) / Window) - Math.Floor((_possibleFrom - phaseSeconds) / Window)),
    };

    private double Free => algorithm == LimitAlgorithm.Bucket ? _level : _limit - _used;

    /// <summary>A call arrives: the seconds to wait where it is refused, null where it is let in.</summary>
    public double? Arrive(TrueCall call, double now)
    {
        Advance(now);
        _possibleFrom = _possibleFrom < 0 ? now : _possibleFrom;
        var amount = charges.Start(call);
        if (amount > Free + 1e-6)
        {
            return WaitFor(amount, now);
        }

        Take(amount, now);
        return null;
    }

    public void End(TrueCall call, double now)
    {
        Advance(now);
        if (charges.End(call) - charges.Start(call) is not 0 and var change)
        {
            Take(change, now);
        }
    }

    public (long Remaining, double ResetSeconds) Report(double now)
    {
        Advance(now);
        var reset = algorithm switch
        {
            LimitAlgorithm.Bucket => (_burst - _level) * Window / _limit,
            LimitAlgorithm.Sliding => _taken.Count == 0 ? 0 : _taken[^1].At + Window - now,
            _ => Math.Ceiling(phaseSeconds + ((_window + 1) * Window) - now),
        };
        return ((long)Math.Max(0, Math.Floor(Free)), reset);
    }

    private double WaitFor(double amount, double now)
    {
        switch (algorithm)
        {
            case LimitAlgorithm.Bucket:
                return (amount - _level) * Window / _limit;
            case LimitAlgorithm.Sliding:
                var free = Free;
                foreach (var (at, taken) in _taken)
                {
                    free += taken;
                    if (free >= amount)
                    {
                        return at + Window - now;
                    }
                }

                return Window;
            default:
                return phaseSeconds + ((_window + 1) * Window) - now;
        }
    }

    private void Take(double amount, double now)
    {
        _level -= amount;
        _used += amount;
        Accepted += amount;
        if (algorithm == LimitAlgorithm.Sliding)
        {
            _taken.Add((now, amount));
        }
    }

    private void Advance(double now)
    {
        _level = Math.Min(_burst, _level + (_limit / Window * (now - _at)));
        _at = now;
        if (algorithm == LimitAlgorithm.Sliding)
        {
            var gone = 0;
            while (gone < _taken.Count && _taken[gone].At + Window <= now)
            {
                _used -= _taken[gone++].Amount;
            }

            _taken.RemoveRange(0, gone);
        }
        else if (Math.Floor((now - phaseSeconds) / Window) is var window && window != _window)
        {
            (_window, _used) = (window, 0);
        }
    }
}
