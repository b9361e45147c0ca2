using System.Diagnostics;
using System.Security.Cryptography;

namespace FuncLimiter.Functions.EndToEnd.Tests.Hosting;

/// <summary>Measures how busy a machine's cores are with other things, by a work that is always the same, twice a second.</summary>
internal sealed class MachineLoad : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);
    private static readonly byte[] Work = new byte[8_000_000];

    private readonly List<double> _took = [];
    private readonly CancellationTokenSource _end = new();
    private readonly Thread _thread;

    public MachineLoad()
    {
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>How many times as long as at its fastest the work takes at the median; 1 on a machine that has nothing else to do.</summary>
    public double Slowdown
    {
        get
        {
            lock (_took)
            {
                return _took.Count == 0 ? 1 : _took.Order().ElementAt(_took.Count / 2) / _took.Min();
            }
        }
    }

    public void Dispose()
    {
        _end.Cancel();
        _thread.Join();
        _end.Dispose();
    }

    private void Run()
    {
        while (!_end.Token.WaitHandle.WaitOne(Pause))
        {
            var begun = Stopwatch.GetTimestamp();
            SHA256.HashData(Work);
            lock (_took)
            {
                _took.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }
        }
    }
}
