using FuncLimiter.Functions.Tests.Harness;

namespace FuncLimiter.Functions.Tests.Leasing;

/// <summary>A provider that counts by its own buckets, full at the start, and never lets one be overdrawn unnoticed.</summary>
internal sealed class CountingProvider(SimulatedTime time, double requestsPerSecond, double tokensPerSecond, double burstSeconds)
{
    private readonly double[] _rates = [requestsPerSecond, tokensPerSecond];
    private readonly double[] _levels = [requestsPerSecond * burstSeconds, tokensPerSecond * burstSeconds];
    private DateTimeOffset _at = time.GetUtcNow();

    public long Calls { get; private set; }

    public double Tokens { get; private set; }

    /// <summary>How far below zero a bucket ever was.</summary>
    public double Overdrawn { get; private set; }

    /// <summary>Takes a call that arrives now.</summary>
    public void Take(double tokens)
    {
        var now = time.GetUtcNow();
        double[] amounts = [1, tokens];
        for (var i = 0; i < _levels.Length; i++)
        {
            _levels[i] = Math.Min(_rates[i] * burstSeconds, _levels[i] + (_rates[i] * (now - _at).TotalSeconds)) - amounts[i];
            Overdrawn = Math.Max(Overdrawn, -_levels[i]);
        }

        _at = now;
        Calls++;
        Tokens += tokens;
    }

    /// <summary>Gives back what a call was charged and did not use, as providers do that charge by max_tokens.</summary>
    public void GiveBack(double tokens) => _levels[1] = Math.Min(_rates[1] * burstSeconds, _levels[1] + tokens);
}
