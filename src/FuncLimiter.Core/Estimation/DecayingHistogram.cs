using System.Numerics;

namespace FuncLimiter.Core.Estimation;

/// <summary>
/// One quantile of a stream of whole numbers, newer ones counting more, in constant memory and constant time.
/// Values below <c>2^(precisionBits+1)</c> are exact; above, every octave has <c>2^precisionBits</c> buckets (HdrHistogram's layout).
/// That a value counts half after <c>h</c> further ones is had without touching old buckets: each new value weighs <c>2^(1/h)</c>
/// times the one before. The bucket of the quantile is followed as values come in.
/// Worked: precision 4, values 1..100 once each, quantile 0.9, no decay: 90 of 100 must lie at or below. The buckets around are
/// [84, 87], [88, 91], [92, 95]; 87 values lie up to the first, 91 up to the second, so it reads 91.
/// </summary>
internal sealed class DecayingHistogram
{
    private const double RescaleAt = 1e9;

    private readonly float[] _weights;
    private readonly int _precisionBits;
    private readonly double _quantile;
    private readonly double _growth;
    private double _next = 1;
    private double _total;
    private double _below;
    private int _bucket;

    /// <param name="precisionBits">Buckets per octave, as a power of two.</param>
    /// <param name="maxValue">The largest value told apart; larger ones count as this.</param>
    /// <param name="quantile">The quantile to follow, above 0 and below 1.</param>
    /// <param name="halfLife">After how many values an earlier one counts half.</param>
    internal DecayingHistogram(int precisionBits, long maxValue, double quantile, int halfLife)
    {
        _precisionBits = precisionBits;
        _quantile = quantile;
        _growth = Math.Pow(2, 1.0 / halfLife);
        MaxValue = maxValue;
        _weights = new float[BucketOf(maxValue) + 1];
    }

    internal long MaxValue { get; }

    /// <summary>How many values it rests on, those half forgotten counting half.</summary>
    internal double Count => _total / _next * _growth;

    /// <summary>The upper end of the bucket that holds the quantile, or 0 while there is no value.</summary>
    internal long Value
    {
        get
        {
            if (_total <= 0)
            {
                return 0;
            }

            var shift = ShiftOf(_bucket);
            return (((long)(_bucket - (shift << _precisionBits)) + 1) << shift) - 1;
        }
    }

    internal void Add(long value)
    {
        var bucket = BucketOf(Math.Clamp(value, 0, MaxValue));
        _weights[bucket] += (float)_next;
        _total += _next;
        if (bucket < _bucket)
        {
            _below += _next;
        }

        _next *= _growth;
        if (_next >= RescaleAt)
        {
            Rescale();
        }

        Follow();
    }

    /// <summary>The weight of every bucket that has any, the newest value weighing one.</summary>
    internal HistogramState Export()
    {
        var used = Enumerable.Range(0, _weights.Length).Where(bucket => _weights[bucket] > 0).ToArray();
        var newest = _next / _growth;
        return new HistogramState(used, [.. used.Select(bucket => _weights[bucket] / newest)]);
    }

    /// <summary>Takes an exported state in place of its own; false, and nothing changed, where that doesn't fit its layout.</summary>
    internal bool TryImport(HistogramState state)
    {
        if (state.Buckets is null || state.Weights is null || state.Buckets.Count != state.Weights.Count)
        {
            return false;
        }

        for (var i = 0; i < state.Buckets.Count; i++)
        {
            var inOrder = i == 0 || state.Buckets[i] > state.Buckets[i - 1];
            if (!inOrder || state.Buckets[i] < 0 || state.Buckets[i] >= _weights.Length || state.Weights[i] is not (>= 0 and < 1e6))
            {
                return false;
            }
        }

        Array.Clear(_weights);
        for (var i = 0; i < state.Buckets.Count; i++)
        {
            _weights[state.Buckets[i]] = (float)state.Weights[i];
        }

        _next = _growth;
        Recount();
        Follow();
        return true;
    }

    private void Rescale()
    {
        var scale = (float)(1 / _next);
        for (var i = 0; i < _weights.Length; i++)
        {
            _weights[i] = _weights[i] * scale is var weight and >= 1e-12f ? weight : 0;
        }

        _next = 1;
        Recount();
    }

    private void Recount()
    {
        _total = 0;
        _below = 0;
        for (var i = 0; i < _weights.Length; i++)
        {
            if (i == _bucket)
            {
                _below = _total;
            }

            _total += _weights[i];
        }
    }

    private void Follow()
    {
        var rank = _quantile * _total;
        while (_bucket > 0 && _below >= rank)
        {
            _below -= _weights[--_bucket];
        }

        while (_bucket < _weights.Length - 1 && _below + _weights[_bucket] < rank)
        {
            _below += _weights[_bucket++];
        }
    }

    private int BucketOf(long value)
    {
        var octave = BitOperations.Log2((ulong)value | 1);
        if (octave < _precisionBits)
        {
            return (int)value;
        }

        var shift = octave - _precisionBits;
        return (shift << _precisionBits) + (int)(value >> shift);
    }

    private int ShiftOf(int bucket) => Math.Max(0, (bucket >> _precisionBits) - 1);
}
