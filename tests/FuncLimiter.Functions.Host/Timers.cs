using FuncLimiter.Functions.Host.Protocol;
using NCrontab;

namespace FuncLimiter.Functions.Host;

/// <summary>Starts functions by their schedules. Unlike the Functions host, each host for itself and without regard to what it missed.</summary>
internal sealed class Timers(WorkerProcess worker) : BackgroundService
{
    public const string Trigger = "timerTrigger";

    /// <summary>What a function is told that a timer starts.</summary>
    public static Value Occurrence => new() { Json = """{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}""" };

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(worker.Functions.Values.Where(function => function.IsStartedBy(Trigger)).Select(function => RunAsync(function, stoppingToken)));

    private async Task RunAsync(WorkerFunction function, CancellationToken stoppingToken)
    {
        var schedule = CrontabSchedule.Parse(function.Property("schedule")!, new CrontabSchedule.ParseOptions { IncludingSeconds = true });
        while (true)
        {
            var now = DateTime.UtcNow;
            await Task.Delay(schedule.GetNextOccurrence(now) - now, stoppingToken);
            try
            {
                await worker.HttpAddress.WaitAsync(stoppingToken);
                WorkerProcess.Check((await worker.Begin(function.Name, Occurrence, new Dictionary<string, string>(), stoppingToken).Answer).Result);
            }
            catch (Exception failure) when (failure is WorkerFailedException or WorkerProcessExitException)
            {
                Log.Write($"{function.Name} failed: {failure.Message}");
            }
        }
    }
}
